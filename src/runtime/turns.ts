import type { ChainElsewhere } from '../operators/chain.ts'
import type { Task, TaskState } from './task.ts'

/** Who has the turns taken. */
export interface TurnTaker {
  /** Whether the job is over: there are no turns any more. */
  hasEnded(): boolean
  /** A turn ended because downstream is full. */
  blocked(): void
  /** A turn ended with nothing left to do. */
  idle(): void
  failed(error: unknown): void
}

/** The turns of a job's task: never two at once, none after the end; what has to wait for downstream is repeated. */
export class Turns {
  readonly #task: Task
  readonly #taker: TurnTaker
  #wake: (() => void)[] = []

  constructor(task: Task, taker: TurnTaker) {
    this.#task = task
    this.#taker = taker
  }

  /** Runs the task, if that is possible now. */
  work(): TaskState {
    if (this.#task.isRunning || this.#taker.hasEnded()) return 'idle'
    const state = this.#guarded(task => task.work())
    if (state === 'blocked') this.#taker.blocked()
    else if (!this.#taker.hasEnded()) this.#taker.idle()
    return state
  }

  /** Sends something into the chain between two batches, after whatever is in the way; resolves when it is through. */
  async inject(turn: (task: Task) => TaskState): Promise<void> {
    let isSent = false
    await this.#until(() => {
      const state = this.work()
      if (state === 'blocked' || isSent || this.#taker.hasEnded()) return state
      isSent = true
      return this.#guarded(turn)
    })
  }

  /** Resolves when nothing is left to do, here and elsewhere. */
  async settle(elsewhere: ChainElsewhere | undefined): Promise<void> {
    await this.#until(() => this.work())
    if (elsewhere !== undefined) await this.inject(task => task.inject(() => elsewhere.settle()))
  }

  /** What waits for downstream looks again. */
  wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Repeats a turn until nothing blocks it any more. */
  async #until(turn: () => TaskState): Promise<void> {
    // Asked from inside a sink: the chain is on the stack, and gets its turn when it is off it.
    while (this.#task.isRunning) await Promise.resolve()
    while (turn() === 'blocked') await new Promise<void>(resolve => this.#wake.push(resolve))
  }

  #guarded(turn: (task: Task) => TaskState): TaskState {
    try {
      return turn(this.#task)
    } catch (error) {
      this.#taker.failed(error)
      return 'idle'
    }
  }
}
