interface Sent {
  /** Behind its rows. */
  readonly position: number
  readonly rows: number
  /** Called when they are given up. */
  readonly done: (() => void) | undefined
}

/** Rows sent into a ring and not yet worked on, with the positions behind them. */
export class SentRows {
  #sent: Sent[] = []
  #rows = 0

  /** How many there are. */
  get rows(): number {
    return this.#rows
  }

  /** The position behind which half of them are left, or less; there are some. */
  get halfway(): number {
    let rows = 0
    return this.#sent.find(each => (rows += each.rows) * 2 >= this.#rows)!.position
  }

  add(position: number, rows: number, done?: () => void): void {
    this.#sent.push({ position, rows, done })
    this.#rows += rows
  }

  /** Rows sent before all others, which are sent again. */
  addAgain(position: number, rows: number): void {
    this.#sent.unshift({ position, rows, done: undefined })
    this.#rows += rows
  }

  /** How many rows are through now that the slowest consumer is at `slowest`: they are given up. Positions wrap at 2^32. */
  takeThrough(slowest: number): number {
    const before = this.#rows
    while (this.#sent.length > 0 && ((slowest - this.#sent[0]!.position) | 0) >= 0) this.#giveUp(this.#sent.shift()!)
    return before - this.#rows
  }

  /** How many rows are not through: they are given up. */
  takeAll(): number {
    const before = this.#rows
    for (const each of this.#sent.splice(0)) this.#giveUp(each)
    return before
  }

  #giveUp({ rows, done }: Sent): void {
    this.#rows -= rows
    done?.()
  }
}
