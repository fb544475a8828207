/** Rows sent into a ring and not yet worked on, with the positions behind them. */
export class SentRows {
  #sent: { readonly position: number; readonly rows: number }[] = []

  add(position: number, rows: number): void {
    this.#sent.push({ position, rows })
  }

  /** Rows sent before all others, which are sent again. */
  addAgain(position: number, rows: number): void {
    this.#sent.unshift({ position, rows })
  }

  /** How many rows are through now that the slowest consumer is at `slowest`: they are given up. Positions wrap at 2^32. */
  takeThrough(slowest: number): number {
    let rows = 0
    while (this.#sent.length > 0 && ((slowest - this.#sent[0]!.position) | 0) >= 0) rows += this.#sent.shift()!.rows
    return rows
  }

  /** How many rows are not through: they are given up. */
  takeAll(): number {
    const rows = this.#sent.reduce((sum, each) => sum + each.rows, 0)
    this.#sent = []
    return rows
  }
}
