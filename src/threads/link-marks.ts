import { FRAME } from './frames.ts'

/** What the clock of the rows behind it says: goes along with these, as no frame of its own. */
export const CLOCK = 0

/** A frame without rows that waits for those in front of it. */
interface LinkMark {
  /** How many rows went into the link before it. */
  readonly row: number
  readonly kind: number
  readonly a: number
  readonly value: number
}

/** Of two of such a kind with nothing in between, the latter says it all. */
const SAYS_ALL: readonly number[] = [CLOCK, FRAME.tick, FRAME.watermark]

/**
 * What stands between the rows of a link: never dropped, however many rows around it are. So that a stage that stands still
 * doesn't make it more and more, marks that come to stand next to each other are made one where that is the same.
 */
export class LinkMarks {
  readonly #mayReorder: boolean
  /** Those that no rows are in front of any more, because these were dropped. */
  readonly #due: LinkMark[] = []
  #ahead: LinkMark[] = []
  #first = 0

  /** @param mayReorder Whether turns of the clock and watermarks with no rows in between may change places. */
  constructor(mayReorder: boolean) {
    this.#mayReorder = mayReorder
  }

  get length(): number {
    return this.#due.length + this.#ahead.length - this.#first
  }

  add(mark: LinkMark): void {
    this.#addTo(this.#ahead, this.#first, mark)
  }

  /** The rows in front of the `row`th were dropped. */
  rowsDropped(row: number): void {
    while (this.#first < this.#ahead.length && this.#ahead[this.#first]!.row <= row)
      this.#addTo(this.#due, 0, { ...this.#takeAhead(), row: 0 })
  }

  /** What goes before the `row`th row; undefined: nothing does. */
  before(row: number): LinkMark | undefined {
    const mark = this.#due[0] ?? this.#ahead[this.#first]
    return mark !== undefined && mark.row <= row ? mark : undefined
  }

  /** The mark that goes first is gone. */
  shift(): void {
    if (this.#due.length > 0) this.#due.shift()
    else this.#takeAhead()
  }

  /** Before which row the next mark goes; +Infinity: there is none. */
  get nextRow(): number {
    return (this.#due[0] ?? this.#ahead[this.#first])?.row ?? Number.POSITIVE_INFINITY
  }

  #takeAhead(): LinkMark {
    const mark = this.#ahead[this.#first++]!
    if (this.#first * 2 > this.#ahead.length) {
      this.#ahead = this.#ahead.slice(this.#first)
      this.#first = 0
    }
    return mark
  }

  #addTo(list: LinkMark[], first: number, mark: LinkMark): void {
    for (let i = list.length - 1; i >= first && SAYS_ALL.includes(mark.kind); i--) {
      const { row, kind } = list[i]!
      if (row !== mark.row || !SAYS_ALL.includes(kind)) break
      if (kind === mark.kind) {
        list.splice(i, 1)
        break
      }
      if (!this.#mayReorder && kind !== CLOCK && mark.kind !== CLOCK) break
    }
    list.push(mark)
  }
}
