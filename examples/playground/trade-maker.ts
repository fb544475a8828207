const SYMBOLS = 200
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** `AAA`, `AAB`, … */
const dictionary = Array.from({ length: SYMBOLS }, (_, i) =>
  [Math.floor(i / 676), Math.floor(i / 26) % 26, i % 26].map(at => LETTERS[at]!).join(''),
)

/** Makes trades up, in columns that it uses again: a few symbols trade much, prices walk. */
export class TradeMaker {
  readonly #time: Float64Array
  readonly #codes: Uint16Array
  readonly #price: Float64Array
  readonly #size: Float64Array
  readonly #prices = Float64Array.from({ length: SYMBOLS }, (_, i) => 50 + ((i * 37) % 100))
  #seed: number

  constructor(capacity: number, seed = 1) {
    this.#time = new Float64Array(capacity)
    this.#codes = new Uint16Array(capacity)
    this.#price = new Float64Array(capacity)
    this.#size = new Float64Array(capacity)
    this.#seed = seed
  }

  /** So many trades, evenly from `fromMs` to `toMs`, each up to 100 ms late. */
  make(rows: number, fromMs: number, toMs: number) {
    const step = (toMs - fromMs) / rows
    for (let i = 0; i < rows; i++) {
      const uniform = this.#random()
      const symbol = Math.floor(uniform * uniform * SYMBOLS)
      const price = Math.max(1, this.#prices[symbol]! + (this.#random() - 0.5) * 0.1)
      this.#prices[symbol] = price
      this.#time[i] = Math.floor(fromMs + i * step - this.#random() * 100)
      this.#codes[i] = symbol
      this.#price[i] = price
      this.#size[i] = Math.ceil(this.#random() * 100)
    }
    return {
      time: this.#time.subarray(0, rows),
      symbol: { codes: this.#codes.subarray(0, rows), dictionary },
      price: this.#price.subarray(0, rows),
      size: this.#size.subarray(0, rows),
    }
  }

  /** From 0 to below 1: xorshift, the same for the same seed. */
  #random(): number {
    let x = this.#seed
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#seed = x
    return (x >>> 0) / 2 ** 32
  }
}
