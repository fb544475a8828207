/** Rows that come for each key at least: where there are fewer, giving a key costs as much as it spares. */
const LEAST_ROWS = 4
/** How many keys of a batch are new at least, compared with all since the last giving: most keys given don't come again then. */
const STEADY = 3 / 4

/**
 * Sees whether keys come and go: as new ones keep coming at the rate they did, those from before are mostly done with. Where
 * the same keys come again and again, fewer and fewer are new.
 */
export class KeyTurnover {
  readonly #leastKeys: number
  #rows = 0
  #keys = 0

  /** @param leastKeys Fewer are never worth giving. */
  constructor(leastKeys: number) {
    this.#leastKeys = leastKeys
  }

  /** So many more rows have come, and so many keys are there now. Whether it is time to give them on. */
  follow(rows: number, keys: number): boolean {
    const fresh = keys - this.#keys
    this.#rows += rows
    this.#keys = keys
    return keys >= this.#leastKeys && this.#rows >= keys * LEAST_ROWS && fresh * this.#rows >= keys * rows * STEADY
  }

  /** Some have been given; so many are left. */
  given(keys: number): void {
    this.#rows = 0
    this.#keys = keys
  }
}
