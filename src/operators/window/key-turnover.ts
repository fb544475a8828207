/** Rows that come for each key at least: where there are fewer, giving a key costs as much as it spares. */
const LEAST_ROWS = 4
/** How many keys of a stretch are new at least, compared with all since the last giving: most keys given don't come again then. */
const STEADY = 3 / 4

/**
 * Sees whether keys come and go: as new ones keep coming at the rate they did, those from before are mostly done with. Where
 * the same keys come again and again, fewer and fewer are new. Looks once in a stretch of rows.
 */
export class KeyTurnover {
  readonly #leastKeys: number
  readonly #keys: () => number
  #rows = 0
  /** Rows of the stretch at hand, and the keys there were before it. */
  #latest = 0
  #before = 0

  /**
   * @param leastKeys Fewer are never worth giving. As many rows are a stretch.
   * @param keys How many there are now.
   */
  constructor(leastKeys: number, keys: () => number) {
    this.#leastKeys = leastKeys
    this.#keys = keys
  }

  /** So many more rows have come. Whether it is time to give their keys on. */
  follow(rows: number): boolean {
    this.#latest += rows
    if (this.#latest < this.#leastKeys) return false
    const latest = this.#latest
    const keys = this.#keys()
    const fresh = keys - this.#before
    this.#rows += latest
    this.#latest = 0
    this.#before = keys
    return keys >= this.#leastKeys && this.#rows >= keys * LEAST_ROWS && fresh * this.#rows >= keys * latest * STEADY
  }

  /** Some have been given. */
  given(): void {
    this.#rows = 0
    this.#latest = 0
    this.#before = this.#keys()
  }
}
