import type { ErrorPolicyRunner } from '../connector/error-policy-runner.ts'
import type { Sink } from '../connector/sink.ts'
import { EventfluxError, sinkFailed } from '../errors.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Operator } from '../operators/operator.ts'
import type { StageListener } from '../operators/stage-listener.ts'

/** Makes a row object of one row of a batch. */
export interface RowMaker {
  readRow(batch: RecordBatch, row: number): unknown
}

/**
 * The end of a chain: rows as objects into a sink, one by one, under the sink's error policy. At most `maxInFlight`
 * writes are on their way; more is backpressure, with the batch kept where it stands.
 */
export class RowSinkOperator implements Operator {
  readonly name: string
  rowsIn = 0
  /** Rows the sink has taken or the policy has given up on. */
  #settled = 0
  /** Writes that may be on their way at once. */
  readonly maxInFlight: number
  readonly #sink: Sink
  readonly #rows: RowMaker
  readonly #memory: LinearMemory
  readonly #policy: ErrorPolicyRunner
  readonly #listener: StageListener
  readonly #write: (row: unknown) => void | Promise<void>
  #batch: RecordBatch | undefined
  #at = 0
  #inFlight = 0
  #idle: (() => void)[] = []

  constructor(
    sink: Sink,
    parts: { rows: RowMaker; memory: LinearMemory; policy: ErrorPolicyRunner; listener: StageListener },
  ) {
    this.name = sink.name
    this.#sink = sink
    this.#rows = parts.rows
    this.#memory = parts.memory
    this.#policy = parts.policy
    this.#listener = parts.listener
    this.maxInFlight = sink.maxInFlight ?? 1
    this.#write = row => sink.write(row)
  }

  get rowsOut(): number {
    return this.#settled - this.#policy.counts.failed
  }

  /** Writes on their way. */
  get inFlight(): number {
    return this.#inFlight
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    this.#batch = batch
    this.#at = 0
    return this.resume()
  }

  resume(): boolean {
    const batch = this.#batch
    if (batch === undefined) return true
    const { selection, selectedCount } = batch
    while (this.#at < selectedCount) {
      if (this.#inFlight >= this.maxInFlight) return false
      const at = this.#at++
      const row = selection === 0 ? at : this.#memory.u32[(selection >>> 2) + at]!
      const taken = this.#policy.run(this.#rows.readRow(batch, row), this.#write)
      if (taken === undefined) this.#settled++
      else this.#await(taken)
    }
    this.#batch = undefined
    return true
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

  /** Resolves when everything written so far is durable in the sink. */
  async flush(): Promise<void> {
    while (this.#inFlight > 0) await new Promise<void>(resolve => this.#idle.push(resolve))
    await this.#asked('flush', () => this.#sink.flush?.())
  }

  async closeSink(failure?: unknown): Promise<void> {
    await this.#asked('close', () => this.#sink.close?.(failure))
  }

  async #asked(what: 'flush' | 'close', action: () => void | Promise<void>): Promise<void> {
    try {
      await action()
    } catch (cause) {
      if (cause instanceof EventfluxError) throw cause
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw sinkFailed(`sink "${this.name}" failed to ${what}: ${reason}`, { at: this.name, cause })
    }
  }

  #await(taken: Promise<unknown>): void {
    this.#inFlight++
    taken.then(
      () => {
        this.#settled++
        this.#landed()
      },
      error => {
        this.#settled++
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
