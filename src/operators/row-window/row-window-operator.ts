import { readDictionaries, writeDictionaries } from '../../checkpoint/dictionary-state.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../../checkpoint/stateful.ts'
import { checkpointBusy, checkpointMismatch, stateFull } from '../../errors.ts'
import { rowAt } from '../../kernels/rows.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import { type ValueReader, valueReaders } from '../../memory/value-reader.ts'
import { DueQueue } from '../due-queue.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import type { StageTimers, TimedStage } from '../stage-timers.ts'
import { WakeUp } from '../wake-up.ts'
import type { ChunkOrder } from './chunk-order.ts'
import type { KeptRows } from './kept-rows.ts'
import type { WindowKind } from './make-window.ts'
import type { OutputColumns, OutputRow } from './output-columns.ts'
import type { HeldRow, RowCodec, RowEvents, RowWindow } from './row-window.ts'
import { rowCodec } from './value-codec.ts'
import type { ValueKey } from './value-key.ts'
import { type ContentPlan, WindowContent } from './window-content.ts'

interface RowWindowOptions {
  readonly name: string
  readonly context: EvaluationContext
  /** The columns a row's values are read from, in order. */
  readonly columns: readonly InputColumn[]
  readonly kind: WindowKind
  readonly key: ValueKey
  /** Which keys are its own, where it is one of several replicas. */
  readonly isOwn?: ((key: unknown) => boolean) | undefined
  readonly maxKeys: number
  readonly maxRows: number
  readonly content: ContentPlan
  readonly showsCurrent: boolean
  readonly showsExpired: boolean
  /** Where a row's time stands in its values, where a column is the clock. */
  readonly clockColumn: number | undefined
  /** Whether of each chunk only the last row of each group comes out. */
  readonly isLastOnly: boolean
  /** Set where it does, or where rows have to meet a condition before they are ordered. */
  readonly keptRows: KeptRows | undefined
  /** Set where the rows of a chunk are ordered, or counted off. */
  readonly chunkOrder: ChunkOrder | undefined
  readonly output: OutputColumns
  readonly timers: StageTimers
  readonly next: Operator
  /** Of the text columns it makes itself. */
  readonly dictionaries: readonly Dictionary[]
  /** Which windows of what: the state of others is of no use. */
  readonly shape: string
}

/** The window of one key. */
interface KeyedWindow {
  readonly key: unknown
  /** Of keys with something due at one instant, the one that came up first goes first. */
  readonly order: number
  readonly window: RowWindow
  readonly content: WindowContent
  /** The earliest instant it stands in the queue with; +Infinity: it doesn't. */
  queuedFor: number
}

/**
 * Windows over rows in the order they arrive, by count or clock, one per key. What is due by the time of a row happens
 * before the row, in order of its instants: answers don't depend on how late a timer comes, nor on batches.
 */
export class RowWindowOperator implements Operator, Stateful, TimedStage, RowEvents {
  readonly name: string
  rowsIn = 0
  rowsOut = 0
  readonly #options: RowWindowOptions
  readonly #memory: LinearMemory
  readonly #readers: readonly ValueReader[]
  readonly #rows: RowCodec
  readonly #windows = new Map<unknown, KeyedWindow>()
  readonly #due = new DueQueue<KeyedWindow>()
  #now = Number.NEGATIVE_INFINITY
  #seq = 0
  #made = 0
  /** Rows of the batch, and the next of them to be looked at. */
  #arrived: HeldRow[] = []
  #at = 0
  /** The window whose chunk is being told. */
  #told: KeyedWindow | undefined
  /** What came out of this call of a window. */
  readonly #chunk: OutputRow[] = []
  readonly #wakeUp: WakeUp
  /** Rows that came out and are not sent yet. */
  #pending: OutputRow[] = []
  #sent = 0
  #ended = false
  #forwarded = false

  constructor(options: RowWindowOptions) {
    this.name = options.name
    this.#options = options
    this.#memory = options.context.arena.memory
    this.#readers = valueReaders(this.#memory, options.columns)
    this.#rows = rowCodec(options.columns.map(({ type }) => type))
    this.#wakeUp = new WakeUp(options.timers, this)
  }

  notes(): readonly string[] {
    const { kind, maxKeys, isLastOnly, chunkOrder } = this.#options
    const out = isLastOnly ? 'the last row of each group of a batch' : 'every row'
    const ordered = chunkOrder === undefined ? '' : ', ordered and counted off with those that come out with it'
    return [
      `plain TypeScript: rows are held as values, and ${out} comes out${ordered}`,
      `state: ${kind.bound}; of each key, at most ${maxKeys} keys`,
    ]
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    // Read whole before anything comes out: output may make a dictionary hand out the codes of this batch anew.
    this.#arrived = this.#read(batch)
    this.#at = 0
    return this.#run()
  }

  advanceWatermark(watermark: number): boolean {
    if (watermark === Number.POSITIVE_INFINITY && !this.#ended) this.#end()
    return this.#run()
  }

  /** Goes by the clock itself, and hands on no watermark but the last. */
  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  timerDue(atMs: number): boolean {
    this.#wakeUp.passed()
    if (!this.#ended) {
      this.#now = Math.max(this.#now, atMs, this.#options.timers.now())
      this.#fireDue(this.#now)
    }
    return this.#run()
  }

  resume(): boolean {
    return this.#options.next.resume() && this.#run()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#options.output.markCodes(dictionary, mark)
    this.#options.keptRows?.markCodes(dictionary, mark)
    this.#options.chunkOrder?.markCodes(dictionary, mark)
    this.#options.next.markCodes(dictionary, mark)
  }

  snapshot(writer: StateWriter): void {
    const { dictionaries, shape } = this.#options
    if (this.#at < this.#arrived.length || this.#sent < this.#pending.length)
      throw checkpointBusy(`${this.name} is in a batch`)
    writer.text(shape)
    writeDictionaries(writer, dictionaries)
    writer.f64(this.#now)
    writer.f64(this.#seq)
    writer.f64(this.#made)
    writer.bool(this.#ended)
    writer.u32(this.#windows.size)
    for (const { key, order, window, content } of this.#windows.values()) {
      writer.value(key)
      writer.f64(order)
      window.snapshot(writer, this.#rows)
      content.snapshot(writer)
    }
  }

  restore(reader: StateReader): void {
    const { dictionaries, shape, maxKeys } = this.#options
    reader.expect(shape)
    readDictionaries(reader, dictionaries)
    this.#now = Math.max(this.#now, reader.instant(Number.NEGATIVE_INFINITY))
    this.#seq = Math.max(this.#seq, reader.amount())
    this.#made = Math.max(this.#made, reader.amount())
    this.#ended = reader.bool()
    this.#forwarded = this.#ended
    const count = reader.count(9)
    if (this.#ended && count > 0) reader.refuse(`${count} windows behind the end of the input`)
    for (let left = count; left > 0; left--) {
      const keyed = this.#madeWindow(reader.value(), reader.amount())
      keyed.window.restore(reader, this.#rows)
      keyed.content.restore(reader)
      if (reader.part !== undefined && this.#options.isOwn?.(keyed.key) === false) continue
      if (this.#windows.has(keyed.key)) reader.refuse('two windows of one key')
      this.#windows.set(keyed.key, keyed)
      this.#queue(keyed)
    }
    const { size } = this.#windows
    if (size > maxKeys)
      throw checkpointMismatch(`the state has ${size} keys and maxKeys is ${maxKeys}: raise maxKeys`, { value: size })
    this.#arm()
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  close(): void {
    this.#wakeUp.close()
    this.#windows.clear()
    this.#due.clear()
    this.#options.next.close()
    this.#options.keptRows?.close()
    this.#options.chunkOrder?.close()
    this.#options.output.close()
  }

  /** @internal Told by the windows. */
  current(row: HeldRow, time: number): void {
    const aggregates = this.#told!.content.add(row)
    if (this.#options.showsCurrent) this.#emit({ time, isCurrent: true, row, aggregates })
  }

  /** @internal Told by the windows. */
  expired(row: HeldRow, time: number): void {
    const aggregates = this.#told!.content.remove(row)
    if (this.#options.showsExpired) this.#emit({ time, isCurrent: false, row, aggregates })
  }

  /** @internal Told by the windows. */
  reset(): void {
    this.#told!.content.reset()
  }

  #emit(row: OutputRow): void {
    const { isLastOnly, keptRows, content } = this.#options
    if (keptRows === undefined) this.#chunk.push(row)
    else keptRows.add(isLastOnly ? content.group(row.row.values) : row, row)
  }

  /** Does all there is to do. false: downstream is full. */
  #run(): boolean {
    const { maxBatch } = this.#options.context
    while (this.#at < this.#arrived.length) {
      if (this.#pending.length - this.#sent >= maxBatch && !this.#send()) return false
      this.#take(this.#arrived[this.#at++]!)
    }
    this.#arrived = []
    this.#at = 0
    if (!this.#send()) return false
    this.#arm()
    if (!this.#ended || this.#forwarded) return true
    this.#forwarded = true
    return this.#options.next.advanceWatermark(Number.POSITIVE_INFINITY)
  }

  #read(batch: RecordBatch): HeldRow[] {
    const { clockColumn, timers } = this.#options
    const { columns, selection, selectedCount } = batch
    if (clockColumn === undefined) this.#now = Math.max(this.#now, timers.now())
    const rows: HeldRow[] = []
    for (let i = 0; i < selectedCount; i++) {
      const row = rowAt(this.#memory.u32, selection, i)
      const values = this.#readers.map((read, column) => read(columns[column]!, row))
      if (clockColumn !== undefined) this.#now = Math.max(this.#now, values[clockColumn] as number)
      rows.push({ seq: this.#seq++, time: this.#now, values })
    }
    return rows
  }

  #take(row: HeldRow): void {
    this.#fireDue(row.time)
    const keyed = this.#windowOf(row)
    this.#tell(keyed, () => keyed.window.onRow(row, this))
    const { maxRows } = this.#options
    if (keyed.window.size > maxRows)
      throw stateFull(`${this.name} holds ${keyed.window.size} rows and may hold ${maxRows}: raise the bound`, {
        value: keyed.window.size,
        at: this.name,
      })
  }

  #windowOf(row: HeldRow): KeyedWindow {
    const { key: keyOf, maxKeys } = this.#options
    const key = keyOf(row.values)
    const known = this.#windows.get(key)
    if (known !== undefined) return known
    if (this.#windows.size >= maxKeys)
      throw stateFull(`${this.name} holds ${this.#windows.size} keys and maxKeys is ${maxKeys}: raise maxKeys`, {
        value: this.#windows.size,
        at: this.name,
      })
    return this.#newWindow(key, this.#made++)
  }

  #newWindow(key: unknown, order: number): KeyedWindow {
    const keyed = this.#madeWindow(key, order)
    this.#windows.set(key, keyed)
    return keyed
  }

  #madeWindow(key: unknown, order: number): KeyedWindow {
    const { kind, content } = this.#options
    return {
      key,
      order,
      window: kind.make(),
      content: new WindowContent(content),
      queuedFor: Number.POSITIVE_INFINITY,
    }
  }

  /** Lets everything happen that is due by `now`, each thing at its own instant. */
  #fireDue(now: number): void {
    for (;;) {
      const { first } = this.#due
      if (first === undefined || first.at > now) return
      this.#due.shift()
      const keyed = first.value
      if (first.at === keyed.queuedFor) keyed.queuedFor = Number.POSITIVE_INFINITY
      // The window may have put its timer off since; then it is queued anew.
      if (keyed.window.nextTimer <= first.at) this.#tell(keyed, () => keyed.window.onTimer(first.at, this))
      else this.#queue(keyed)
    }
  }

  /** One call of a window: what it tells is one chunk. */
  #tell(keyed: KeyedWindow, call: () => void): void {
    this.#told = keyed
    call()
    this.#told = undefined
    const { keptRows, chunkOrder } = this.#options
    keptRows?.take(this.#chunk)
    if (chunkOrder === undefined) for (const row of this.#chunk) this.#pending.push(row)
    else chunkOrder.take(this.#chunk, this.#pending)
    this.#chunk.length = 0
    if (keyed.window.isBlank && keyed.content.isEmpty) this.#windows.delete(keyed.key)
    this.#queue(keyed)
  }

  /** An instant in the queue that is too early costs a look, so a timer that is put off leaves it where it is. */
  #queue(keyed: KeyedWindow): void {
    const { nextTimer } = keyed.window
    if (nextTimer >= keyed.queuedFor) return
    keyed.queuedFor = nextTimer
    this.#due.add(nextTimer, keyed.order, keyed)
  }

  #end(): void {
    this.#ended = true
    if (this.#options.clockColumn === undefined) this.#fireDue(Math.max(this.#now, this.#options.timers.now()))
    for (const keyed of this.#windows.values()) this.#tell(keyed, () => keyed.window.onEnd(this))
    this.#windows.clear()
    this.#due.clear()
  }

  #send(): boolean {
    const { output, next, context } = this.#options
    while (this.#sent < this.#pending.length) {
      const to = Math.min(this.#sent + context.maxBatch, this.#pending.length)
      const batch = output.write(this.#pending, this.#sent, to)
      this.rowsOut += to - this.#sent
      this.#sent = to
      if (!next.process(batch)) return false
    }
    this.#pending = []
    this.#sent = 0
    return true
  }

  /** Asks the clock for one wake-up: at the earliest instant anything is due. */
  #arm(): void {
    if (this.#options.clockColumn !== undefined) return
    this.#wakeUp.setTo(this.#due.first?.at ?? Number.POSITIVE_INFINITY)
  }
}
