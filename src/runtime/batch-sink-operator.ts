import { type ErrorPolicyRunner, isPromise } from '../connector/error-policy-runner.ts'
import type { RowId } from '../connector/sink.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Operator } from '../operators/operator.ts'
import type { StageListener } from '../operators/stage-listener.ts'
import type { ResultBatch } from './result-batch.ts'
import type { RowIds } from './row-ids.ts'

/** Takes a batch of results; `first` is the id of its first row, and those behind it count on. */
export type BatchTaker = (batch: ResultBatch, first: RowId) => void | Promise<void>

/**
 * The end of a chain for those who want columns: the function gets every result batch as it stands, without an object
 * per row. A promise it returns is backpressure: the batch stays valid until it resolves.
 */
export class BatchSinkOperator implements Operator {
  readonly name = 'onBatch'
  readonly maxInFlight = 1
  readonly branch = undefined
  readonly isTransactional = false
  rowsIn = 0
  readonly ids: RowIds
  rowsOut = 0
  readonly #view: ResultBatch
  readonly #policy: ErrorPolicyRunner
  readonly #listener: StageListener
  readonly #take: (view: unknown, first: RowId) => void | Promise<void>
  #waiting = false
  #idle: (() => void)[] = []

  constructor(
    take: BatchTaker,
    parts: { view: ResultBatch; ids: RowIds; policy: ErrorPolicyRunner; listener: StageListener },
  ) {
    const { view } = parts
    const took = () => {
      this.rowsOut += view.length
    }
    this.#take = (_, first) => {
      const taken = take(view, first)
      if (isPromise<unknown>(taken)) return Promise.resolve(taken).then(took)
      took()
    }
    this.#view = view
    this.ids = parts.ids
    this.#policy = parts.policy
    this.#listener = parts.listener
  }

  /** Batches being waited for. */
  get inFlight(): number {
    return this.#waiting ? 1 : 0
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    const first = this.ids.take(batch.selectedCount)
    this.#view.show(batch)
    const taken = this.#policy.run<void, RowId>(this.#view, this.#take, first)
    if (!(taken instanceof Promise)) return true
    this.#waiting = true
    taken.then(
      () => this.#landed(),
      error => {
        this.#listener.failed(error)
        this.#landed()
      },
    )
    return false
  }

  resume(): boolean {
    return !this.#waiting
  }

  /** As `RowSinkOperator.barrier`: a batch on its way holds up all that comes behind it. */
  barrier(act: () => void): boolean {
    act()
    return true
  }

  advanceWatermark(): boolean {
    return true
  }

  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  /** The batch being looked at belongs to the operator above, which marks it. */
  markCodes(_dictionary: Dictionary, _mark: Parameters<CodeMarker>[0]): void {}

  close(): void {}

  get canFlush(): boolean {
    return false
  }

  async flush(): Promise<void> {
    while (this.#waiting) await new Promise<void>(resolve => this.#idle.push(resolve))
  }

  async closeSink(): Promise<void> {}

  prepare(): Promise<unknown> {
    return this.flush()
  }

  async commit(): Promise<void> {}

  async abort(): Promise<void> {}

  #landed(): void {
    this.#waiting = false
    for (const wake of this.#idle.splice(0)) wake()
    this.#listener.ready()
  }
}
