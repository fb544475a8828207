import type { ChainElsewhere } from '../operators/chain.ts'
import type { TimedStage } from '../operators/stage-timers.ts'
import type { Task, TaskState } from './task.ts'

/** Who has the turns taken. */
interface TurnTaker {
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
  #isScheduled = false
  #start!: () => void
  /** None once the job has started. */
  #starting: Promise<void> | undefined

  constructor(task: Task, taker: TurnTaker) {
    this.#task = task
    this.#taker = taker
    this.#starting = new Promise(resolve => {
      this.#start = resolve
    })
  }

  /** There are turns from now on: what an operator waits for may have come up before. */
  start(): void {
    this.#starting = undefined
    this.#start()
  }

  /** Runs the task in a microtask: what is pushed meanwhile goes along. */
  schedule(): void {
    if (!this.#isScheduled) this.#scheduleNow()
  }

  /** Apart from `schedule`: a function that makes closures allocates for them at every call. */
  #scheduleNow(): void {
    this.#isScheduled = true
    queueMicrotask(() => {
      this.#isScheduled = false
      this.work()
    })
  }

  /** A timer of an operator is due: it fires between two batches. */
  timerDue(stage: TimedStage, atMs: number): void {
    if (this.#task.interject(() => stage.timerDue(atMs))) return
    void this.inject(task => task.inject(() => stage.timerDue(atMs)))
  }

  /** Runs the task, if that is possible now. */
  work(): TaskState {
    if (this.#task.isRunning || this.#starting !== undefined || this.#taker.hasEnded()) return 'idle'
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
      // What is behind it has its turn at once: a barrier that a sink asked for while it took rows.
      return this.#guarded(turn) === 'blocked' ? 'blocked' : this.work()
    })
  }

  /** Resolves when nothing is left to do, here and elsewhere. */
  async settle(elsewhere: ChainElsewhere | undefined): Promise<void> {
    await this.#until(() => this.work())
    if (elsewhere !== undefined) await this.inject(task => task.inject(() => elsewhere.settle()))
  }

  /** Downstream has room again. */
  ready(): void {
    this.work()
    this.wakeAll()
  }

  /** What waits for downstream looks again. */
  wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Repeats a turn until nothing blocks it any more. */
  async #until(turn: () => TaskState): Promise<void> {
    if (this.#starting !== undefined) await this.#starting
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
