import type { Vector } from '../memory/record-batch.ts'

/** Columns that stand behind those of every batch. */
export class ColumnsBehind {
  readonly #added: readonly Vector[]
  #all: readonly Vector[] = []

  constructor(added: readonly Vector[]) {
    this.#added = added
  }

  /** The columns of a batch, and those behind them: as a rule the same list as for the batch before. */
  of(columns: readonly Vector[]): readonly Vector[] {
    const isSame =
      columns.length + this.#added.length === this.#all.length && columns.every((each, i) => each === this.#all[i])
    if (!isSame) this.#all = [...columns, ...this.#added]
    return this.#all
  }
}
