import { type ErrorPolicyRunner, isPromise } from '../connector/error-policy-runner.ts'
import type { RowId, Sink } from '../connector/sink.ts'
import { EventfluxError, messageOf, sinkFailed } from '../errors.ts'
import { rowAt } from '../kernels/rows.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Operator } from '../operators/operator.ts'
import type { StageListener } from '../operators/stage-listener.ts'
import type { RowIds } from './row-ids.ts'

/** Makes a row object of one row of a batch. */
interface RowMaker {
  readRow(batch: RecordBatch, row: number): unknown
}

/**
 * The end of a chain: rows as objects into a sink, one by one, under the sink's error policy. At most `maxInFlight`
 * writes are on their way; more is backpressure, with the batch kept where it stands.
 */
export class RowSinkOperator implements Operator {
  readonly name: string
  /** The side branch it ends; undefined: the pipeline itself. */
  readonly branch: string | undefined
  rowsIn = 0
  /** Rows the sink has taken: never fewer than before, whatever becomes of those on their way. */
  rowsOut = 0
  readonly ids: RowIds
  /** Writes that may be on their way at once. */
  readonly maxInFlight: number
  readonly #sink: Sink
  readonly #rows: RowMaker
  readonly #memory: LinearMemory
  readonly #policy: ErrorPolicyRunner
  readonly #listener: StageListener
  readonly #write: (row: unknown, id: RowId | undefined) => void | Promise<void>
  /** Whether an id is made for each row: an object. */
  readonly #takesIds: boolean
  #batch: RecordBatch | undefined
  #at = 0
  #inFlight = 0
  #idle: (() => void)[] = []
  /** What waits for the writes on their way, which are before a barrier. */
  #atBarrier: (() => void) | undefined

  constructor(
    sink: Sink,
    parts: {
      rows: RowMaker
      ids: RowIds
      memory: LinearMemory
      policy: ErrorPolicyRunner
      listener: StageListener
      branch: string | undefined
    },
  ) {
    this.branch = parts.branch
    this.name = sink.name
    this.#sink = sink
    this.#rows = parts.rows
    this.ids = parts.ids
    this.#memory = parts.memory
    this.#policy = parts.policy
    this.#listener = parts.listener
    this.maxInFlight = sink.maxInFlight ?? 1
    this.#takesIds = sink.write.length >= 2
    const took = () => void this.rowsOut++
    this.#write = (row, id) => {
      const taken = sink.write(row, id)
      if (isPromise<unknown>(taken)) return Promise.resolve(taken).then(took)
      this.rowsOut++
    }
  }

  /** Writes on their way. */
  get inFlight(): number {
    return this.#inFlight
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    if (!this.#takesIds) this.ids.take(batch.selectedCount)
    this.#batch = batch
    this.#at = 0
    return this.resume()
  }

  resume(): boolean {
    const batch = this.#batch
    if (batch === undefined) return this.#passBarrier()
    const { selection, selectedCount } = batch
    while (this.#at < selectedCount) {
      if (this.#inFlight >= this.maxInFlight) return false
      const at = this.#at++
      const row = rowAt(this.#memory.u32, selection, at)
      const taken = this.#policy.run(
        this.#rows.readRow(batch, row),
        this.#write,
        this.#takesIds ? this.ids.take() : undefined,
      )
      // What a sink gives back is of no interest, unless it has to be waited for.
      if (taken instanceof Promise) this.#await(taken)
    }
    this.#batch = undefined
    return true
  }

  /** Has `act` done between the rows written so far, once they have all landed, and the next one. False: `resume` does it. */
  barrier(act: () => void): boolean {
    this.#atBarrier = act
    return this.#passBarrier()
  }

  advanceWatermark(): boolean {
    return true
  }

  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  /** Codes of the rows that haven't been read yet. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    const batch = this.#batch
    if (batch === undefined) return
    for (const column of batch.columns) {
      if (column.dictionary !== dictionary) continue
      for (let row = 0; row < batch.length; row++) mark(this.#memory.u32[(column.values >>> 2) + row]!)
    }
  }

  close(): void {
    this.#batch = undefined
  }

  get canFlush(): boolean {
    return this.#sink.flush !== undefined
  }

  /** Whether it takes rows in transactions. */
  get isTransactional(): boolean {
    return this.#sink.prepare !== undefined
  }

  /** Resolves when everything written so far is durable in the sink. */
  async flush(): Promise<void> {
    while (this.#inFlight > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
    await this.#asked('flush', () => this.#sink.flush?.())
  }

  async closeSink(failure?: unknown): Promise<void> {
    await this.#asked('close', () => this.#sink.close?.(failure))
  }

  /** Asks for what a checkpoint needs of the rows in front of a barrier: a transaction, or that they are flushed. */
  prepare(checkpointId: number): Promise<unknown> {
    const { prepare } = this.#sink
    if (prepare === undefined) return this.#asked('flush', () => this.#sink.flush?.())
    return this.#asked('prepare', () => prepare.call(this.#sink, checkpointId))
  }

  commit(checkpointId: number, prepared: unknown): Promise<unknown> {
    return this.#asked('commit', () => this.#sink.commit?.(checkpointId, prepared))
  }

  abort(checkpointId: number): Promise<unknown> {
    return this.#asked('abort', () => this.#sink.abort?.(checkpointId))
  }

  #passBarrier(): boolean {
    const act = this.#atBarrier
    if (act === undefined) return true
    if (this.#inFlight > 0) return false
    this.#atBarrier = undefined
    act()
    return true
  }

  async #asked(what: string, action: () => unknown): Promise<unknown> {
    try {
      return await action()
    } catch (cause) {
      if (cause instanceof EventfluxError) throw cause
      throw sinkFailed(`sink "${this.name}" failed to ${what}: ${messageOf(cause)}`, { at: this.name, cause })
    }
  }

  #await(taken: Promise<unknown>): void {
    this.#inFlight++
    taken.then(
      () => this.#landed(),
      error => {
        this.#listener.failed(error)
        this.#landed()
      },
    )
  }

  #landed(): void {
    this.#inFlight--
    if (this.#inFlight === 0) for (const wake of this.#idle.splice(0)) wake()
    this.#listener.ready()
  }
}
