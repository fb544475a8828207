import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import { checkpointUnsupported, EventfluxError, show, stageFailed } from '../../../errors.ts'
import type { LinearMemory } from '../../../memory/linear-memory.ts'
import type { RecordBatch } from '../../../memory/record-batch.ts'
import { RowReader } from '../../../memory/row-reader.ts'
import type { OwnTrigger, Trigger, TriggerResult, TriggerTime } from '../../../time/triggers.ts'
import { DueQueue } from '../../due-queue.ts'
import type { InputColumn } from '../../evaluator/evaluation-frame.ts'
import type { BatchRows } from '../batch-rows.ts'
import type { KeyIds } from '../key-ids.ts'
import type { IdMarker } from '../key-index.ts'
import type { DueKeys, RunningTrigger } from './running-trigger.ts'

/** A column of the rows a trigger sees, and where it stands in a batch. */
export type SeenColumn = InputColumn & { readonly column: number }

interface KeyState {
  readonly id: number
  readonly state: unknown
  /** The instant asked for; Infinity when none is. */
  wakeAt: number
  /** Of keys that wake at one instant, those that asked first go first. */
  order: number
  /** The earliest instant it stands in the queue with, and the order it does; Infinity: it doesn't. */
  queuedFor: number
  queuedAs: number
}

const RESULTS: ReadonlySet<unknown> = new Set<TriggerResult>(['continue', 'fire', 'purge', 'fireAndPurge'])

/** A trigger of the user's own: asked about every row, as an object. */
export class RunningOwnTrigger implements RunningTrigger {
  readonly kernels = []
  readonly inTypeScript = 'the trigger, row by row'
  readonly isPerRow = true
  readonly wakeAt = Number.POSITIVE_INFINITY
  action: TriggerResult = 'continue'
  readonly #definition: Trigger<unknown, unknown>
  readonly #columns: readonly number[]
  readonly #reader: RowReader
  readonly #batch: { -readonly [K in keyof RecordBatch]: RecordBatch[K] }
  readonly #states = new Map<number, KeyState>()
  readonly #due = new DueQueue<KeyState>()
  #asks = 0
  #asked: KeyState | undefined
  #rowTime = 0
  #watermark = Number.NEGATIVE_INFINITY
  readonly #time: TriggerTime

  constructor(memory: LinearMemory, { definition }: OwnTrigger, columns: readonly SeenColumn[]) {
    this.#definition = definition as Trigger<unknown, unknown>
    this.#columns = columns.map(({ column }) => column)
    this.#reader = new RowReader({ memory, fields: columns })
    this.#batch = { length: 0, columns: [], selection: 0, selectedCount: 0, origin: 0, watermarks: undefined }
    const trigger = this
    this.#time = {
      get rowTime() {
        return trigger.#rowTime
      },
      get watermark() {
        return trigger.#watermark
      },
      wakeAt: atMs => this.#wakeAt(atMs),
    }
  }

  get dueAt(): number {
    return this.#due.first?.at ?? Number.POSITIVE_INFINITY
  }

  get firesAt(): number {
    return this.dueAt
  }

  reserve(): void {}

  rowsNext(): void {}

  next(rows: BatchRows, from: number): number {
    this.#batch.columns = this.#columns.map(column => rows.columns[column]!)
    this.#rowTime = rows.timeAt(from)
    this.#watermark = rows.watermarks.at(from)
    const key = this.#stateOf(rows.idAt(from))
    const row = this.#reader.readRow(this.#batch, rows.rowAt(from))
    this.action = this.#ask(key, () => this.#definition.onRow(key.state, row, this.#time))
    return this.action === 'continue' ? from + 1 : from
  }

  takeDue(watermark: number): DueKeys | undefined {
    for (;;) {
      const { first } = this.#due
      if (first === undefined || first.at > watermark) return
      this.#due.shift()
      const key = first.value
      if (first.order !== key.queuedAs) continue
      key.queuedFor = Number.POSITIVE_INFINITY
      // It may have asked again since, for this instant or a later one; then it is queued anew.
      if (key.order !== first.order) {
        this.#queue(key)
        continue
      }
      key.wakeAt = Number.POSITIVE_INFINITY
      // As if the watermark came by each instant, however far it moves at once; behind the end comes none.
      this.#watermark = watermark === Number.POSITIVE_INFINITY ? watermark : first.at
      this.#rowTime = first.at
      const { onTime } = this.#definition
      const action =
        onTime === undefined
          ? 'continue'
          : this.#ask(key, () => onTime.call(this.#definition, key.state, first.at, this.#time))
      if (action !== 'continue') return { atMs: first.at, ids: [key.id], action }
    }
  }

  takeDueByClock(): undefined {}

  purged(): void {}

  readonly markIds: IdMarker = mark => {
    for (const id of this.#states.keys()) mark(id)
  }

  snapshot(writer: StateWriter): void {
    writer.f64(this.#asks)
    writer.u32(this.#states.size)
    for (const { id, state, wakeAt, order } of this.#states.values()) {
      writer.u32(id)
      writer.f64(wakeAt)
      writer.f64(order)
      try {
        writer.value(state)
      } catch (cause) {
        throw checkpointUnsupported(`the trigger: ${(cause as Error).message}`, { at: 'trigger', cause })
      }
    }
  }

  restore(reader: StateReader, keys: KeyIds): void {
    this.#asks = Math.max(this.#asks, reader.amount())
    for (let left = reader.count(21); left > 0; left--) {
      const id = keys.of(reader.index(keys.limit - 1))
      const wakeAt = reader.time()
      const order = reader.amount()
      const key = { id, state: reader.value(), wakeAt, order, queuedFor: Number.POSITIVE_INFINITY, queuedAs: -1 }
      if (id < 0) continue
      this.#states.set(id, key)
      this.#queue(key)
    }
  }

  close(): void {
    this.#states.clear()
    this.#due.clear()
  }

  #stateOf(id: number): KeyState {
    let key = this.#states.get(id)
    if (key === undefined) {
      key = {
        id,
        state: this.#call(() => this.#definition.create?.()),
        wakeAt: Number.POSITIVE_INFINITY,
        order: 0,
        queuedFor: Number.POSITIVE_INFINITY,
        queuedAs: -1,
      }
      this.#states.set(id, key)
    }
    return key
  }

  #wakeAt(atMs: number): void {
    if (!Number.isSafeInteger(atMs))
      throw stageFailed(`the trigger asked for the instant ${show(atMs)}, which is no time`, { value: atMs })
    const key = this.#asked
    if (key === undefined) throw stageFailed('a trigger can ask for an instant only while it is asked itself')
    // What has passed already comes next.
    key.wakeAt = Math.max(atMs, this.#watermark + 1)
    key.order = this.#asks++
    this.#queue(key)
  }

  /** An instant in the queue that is too early costs a look, so one that is put off leaves it where it is. */
  #queue(key: KeyState): void {
    if (key.wakeAt >= key.queuedFor) return
    key.queuedFor = key.wakeAt
    key.queuedAs = key.order
    this.#due.add(key.wakeAt, key.order, key)
  }

  #ask(key: KeyState, call: () => unknown): TriggerResult {
    this.#asked = key
    const result = this.#call(call)
    this.#asked = undefined
    if (RESULTS.has(result)) return result as TriggerResult
    throw stageFailed(`a trigger says 'continue', 'fire', 'purge' or 'fireAndPurge', not ${show(result)}`, {
      value: result,
    })
  }

  #call(call: () => unknown): unknown {
    try {
      return call()
    } catch (cause) {
      if (cause instanceof EventfluxError) throw cause
      throw stageFailed(`the trigger failed: ${cause instanceof Error ? cause.message : show(cause)}`, { cause })
    }
  }
}
