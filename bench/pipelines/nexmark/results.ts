import { check } from '../../harness/check.ts'

/** Result rows as columns: what a contestant hands on, reused after the call. */
export interface Results {
  length: number
  readonly columns: readonly ArrayLike<number>[]
  /** The text of a row, where the column is one of text: what its number stands for. */
  text?(column: number, row: number): string | null | undefined
}
export type Consumer = (results: Results) => void

const ROOM = 4_096

function hashOf(text: string): number {
  let hash = text.length
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x85ebca6b) ^ (hash >>> 15)
  return hash
}

/** Where a hand-written loop puts its results: rows into columns, handed on when these are full. */
export class ResultRows implements Results {
  length = 0
  readonly columns: readonly Float64Array[]
  readonly text: (column: number, row: number) => string | undefined
  readonly #consume: Consumer

  /** @param words Of columns of text, by index, what their numbers stand for. */
  constructor(width: number, consume: Consumer, words: Readonly<Record<number, readonly string[]>> = {}) {
    this.columns = Array.from({ length: width }, () => new Float64Array(ROOM))
    this.text = (column, row) => words[column]?.[this.columns[column]![row]!]
    this.#consume = consume
  }

  /** The next row to fill in. */
  next(): number {
    if (this.length === ROOM) this.flush()
    return this.length++
  }

  flush(): void {
    if (this.length > 0) this.#consume(this)
    this.length = 0
  }
}

/** The cheapest honest consumer: reads one column of every result. All contestants feed the same one. */
export class Tally {
  rows = 0
  total = 0

  readonly take: Consumer = ({ length, columns }) => {
    const column = columns[columns.length - 1]!
    let total = 0
    for (let i = 0; i < length; i++) total += column[i]!
    this.rows += length
    this.total += total
  }
}

/** What all results of a run come to, whatever their order: how many, the sum of each column, and a sum of row hashes. */
export class Digest {
  rows = 0
  readonly sums: number[] = []
  hash = 0

  readonly take: Consumer = results => {
    const { length, columns } = results
    const text = results.text?.bind(results)
    const bits = new DataView(new ArrayBuffer(8))
    for (let row = 0; row < length; row++) {
      let hash = 0
      for (let i = 0; i < columns.length; i++) {
        const word = text?.(i, row)
        const value = typeof word === 'string' ? hashOf(word) : columns[i]![row]!
        this.sums[i] = (this.sums[i] ?? 0) + value
        bits.setFloat64(0, value)
        hash = Math.imul(hash ^ bits.getInt32(0), 0x85ebca6b)
        hash = Math.imul(hash ^ (hash >>> 15) ^ bits.getInt32(4), 0xc2b2ae35)
      }
      this.hash = (this.hash + (hash ^ (hash >>> 16))) | 0
    }
    this.rows += length
  }

  /** Ends the bench unless both are of the same rows. */
  checkSame(name: string, other: Digest): void {
    check(this.rows > 0, `${name} gives nothing`)
    check(this.rows === other.rows, `${name} gives ${other.rows} rows, not ${this.rows}`)
    check(this.hash === other.hash, `${name} gives other rows: sums ${other.sums}, not ${this.sums}`)
  }
}
