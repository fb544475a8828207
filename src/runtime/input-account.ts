import { InputRuns } from './input-runs.ts'
import type { OutputOrder } from './output-order.ts'

/** Which input the rows of an edge came in by, and how far each input has come. What is pushed is the last input, behind the sources. */
export class InputAccount {
  /** By rows; undefined where there are no sources, and what is pushed is all there is. */
  readonly runs: InputRuns | undefined
  /** The number of the input of what is pushed into the job. */
  readonly pushes: number
  /** By input: rows that are in, or will never be: none of them need be given again. */
  readonly #settled: Float64Array
  readonly #order: OutputOrder
  /** The input the last row came in by. */
  #current: number

  /**
   * @param order Told when what comes in hangs on more than one input.
   * @param accepted Rows that are in so far.
   * @param movesClock Whether rows move the clock: time doesn't go on while they wait.
   */
  constructor(sources: number, order: OutputOrder, accepted: () => number, movesClock: boolean) {
    this.runs = sources === 0 ? undefined : new InputRuns(sources, accepted, movesClock)
    this.pushes = sources
    this.#settled = new Float64Array(sources + 1)
    this.#order = order
    this.#current = sources === 0 ? 0 : -1
  }

  get current(): number {
    return this.#current
  }

  /** Rows are about to be in. */
  entered(rows: number, input: number): void {
    if (input !== this.#current) this.#switchTo(input)
    this.#settled[input]! += rows
  }

  /** Rows never will be, or are somewhere else. */
  passed(rows: number, input: number): void {
    this.#settled[input]! += rows
  }

  /** What is answered to whoever gave rows: a promise means that they wait for room. */
  answered<R>(answer: R | Promise<R>): R | Promise<R> {
    if (answer instanceof Promise) this.runs?.wait(answer)
    return answer
  }

  settled(input: number): number {
    return this.#settled[input]!
  }

  /** Apart from `entered`, which is part of every push. */
  #switchTo(input: number): void {
    this.#current = input
    this.runs?.switchTo(input)
    if (input > 0) this.#order.lost()
  }
}
