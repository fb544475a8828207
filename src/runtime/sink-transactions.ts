import type { StateReader } from '../checkpoint/state-reader.ts'
import { type Stateful, sizeOfState } from '../checkpoint/stateful.ts'
import { checkpointMismatch } from '../errors.ts'
import { type RowIds, type RowIdsMark, writeMark } from './row-ids.ts'

/** What a sink does for checkpoints. */
interface CheckpointedSink {
  readonly name: string
  /** Whether it takes rows in transactions: what it prepares is to be committed. */
  readonly isTransactional: boolean
  /** The ids of its rows. */
  readonly ids: RowIds
  /** Has `act` done between the rows in front of a barrier and those behind it. False: it will be, by `resume`. */
  barrier(act: () => void): boolean
  prepare(checkpointId: number): Promise<unknown>
  commit(checkpointId: number, prepared: unknown): Promise<unknown>
  abort(checkpointId: number): Promise<unknown>
}

/**
 * The transactions of one sink that are prepared and not committed, oldest first. Each checkpoint holds all of them: one
 * whose own checkpoint was never durable is committed with the next that is.
 */
export class SinkTransactions {
  /** By checkpoint: how far rows were counted at its barrier. */
  readonly #marks = new Map<number, RowIdsMark>()
  readonly #sink: CheckpointedSink
  #pending: { readonly id: number; readonly prepared: unknown }[] = []
  #last: Promise<unknown> = Promise.resolve()

  constructor(sink: CheckpointedSink) {
    this.#sink = sink
  }

  /**
   * Ends the transaction in front of a barrier that has just reached the sink. Resolves when it is prepared, and those
   * before it. False of the first: rows have to wait until the barrier is through.
   */
  prepare(id: number): { readonly isThrough: boolean; readonly prepared: Promise<unknown> } {
    let isThrough = true
    const before = this.#last
    const own = new Promise<unknown>((resolve, reject) => {
      isThrough = this.#sink.barrier(() => {
        this.#marks.set(id, this.#sink.ids.mark())
        this.#sink.prepare(id).then(resolve, reject)
      })
    })
    this.#last = Promise.all([before, own]).then(([, prepared]) => {
      if (this.#sink.isTransactional) this.#pending.push({ id, prepared })
    })
    return { isThrough, prepared: this.#last }
  }

  /** Commits what was prepared for the checkpoint of that id, and before. */
  async commit(id: number): Promise<void> {
    while (this.#pending.length > 0 && this.#pending[0]!.id <= id) {
      const { id: of, prepared } = this.#pending[0]!
      await this.#sink.commit(of, prepared)
      this.#pending.shift()
    }
  }

  async abort(id: number): Promise<void> {
    await this.#sink.abort(id)
  }

  /** What the checkpoint of an id holds of it, once it is prepared; of 0, what a fresh one takes back. */
  asOf(id: number): Stateful {
    const mark = this.#marks.get(id) ?? this.#sink.ids.mark()
    this.#marks.delete(id)
    const pending = this.#pending.filter(transaction => transaction.id <= id)
    const state: Stateful = {
      snapshot(writer) {
        if (mark.epoch === 0 && mark.next === 0 && pending.length === 0) return
        writeMark(writer, mark)
        writer.u32(pending.length)
        for (const { id: of, prepared } of pending) {
          writer.f64(of)
          writer.value(prepared)
        }
      },
      restore: reader => this.#restore(reader),
      sizeBytes: () => sizeOfState(state),
    }
    return state
  }

  #restore(reader: StateReader): void {
    this.#sink.ids.restore(reader)
    for (let left = reader.count(9); left > 0; left--) {
      const id = reader.amount()
      this.#pending.push({ id, prepared: reader.value() })
    }
    if (this.#pending.length > 0 && !this.#sink.isTransactional)
      throw checkpointMismatch(
        `the checkpoint holds rows that "${this.#sink.name}" has prepared, and it has no prepare: nobody can commit them`,
        { at: this.#sink.name },
      )
  }
}
