import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { RowRing } from '../memory/row-ring.ts'
import type { Operator } from '../operators/operator.ts'
import type { InputRuns } from './input-runs.ts'
import type { RowPace } from './row-pace.ts'

/** What a turn of a task ended with. */
export type TaskState =
  /** Nothing is left to do. */
  | 'idle'
  /** Downstream is full; `resume` goes on when it has room. */
  | 'blocked'

/** Told once per batch. */
export interface TaskListener {
  /** A batch is about to be taken from the ring. */
  batchBegins(): void
  /** A batch of `rows` went through the chain in `busyNs`. Its rows have left the ring. */
  batchDone(rows: number, busyNs: number): void
  /** Room appeared in the ring. */
  spaceFreed(): void
}

/** Rows a task polls at once and where they are worked on: in place in the ring, or moved out of it first. */
export interface Intake {
  poll(max: number): RecordBatch
  release(rows: number): void
  /** Marks the codes of rows that are no longer in the ring and not yet released. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void
  close(): void
}

/**
 * The duty cycle of one chain: poll everything that is there (at most `maxBatch` rows, so that a batch's columns stay
 * in the cache), push it through the chain, give the rows back. Never waits: it works until the ring is empty or
 * downstream is full, and is called again.
 */
export class Task {
  readonly #ring: RowRing
  readonly #intake: Intake
  readonly #head: Operator
  readonly #maxBatch: number
  readonly #listener: TaskListener
  readonly #monotonicNs: (() => number) | undefined
  readonly #accepted: () => number
  readonly #inputs: InputRuns | undefined
  readonly #pace: RowPace | undefined
  /** What fell due as the clock was moved on towards a row. */
  readonly #due: (() => boolean)[] = []
  #isPacing = false
  /** Turns that come behind the first `at` rows ever accepted, in their order. */
  readonly #turns: { readonly at: number; readonly turn: () => boolean }[] = []
  /** Rows of the batch the chain still holds. */
  #held = 0
  #blocked = false
  #running = false
  #stopped = false
  #startNs = 0

  constructor(parts: {
    ring: RowRing
    intake: Intake
    head: Operator
    maxBatch: number
    listener: TaskListener
    /** Where busy time is read; none: it isn't measured. */
    monotonicNs: (() => number) | undefined
    /** Rows the ring has taken so far. */
    accepted: () => number
    /** Which input they came in by, where there are several. */
    inputs: InputRuns | undefined
    /** What moves the clock on by the rows, where they move it. */
    pace: RowPace | undefined
  }) {
    this.#ring = parts.ring
    this.#intake = parts.intake
    this.#head = parts.head
    this.#maxBatch = parts.maxBatch
    this.#listener = parts.listener
    this.#monotonicNs = parts.monotonicNs
    this.#accepted = parts.accepted
    this.#inputs = parts.inputs
    this.#pace = parts.pace
  }

  get isBlocked(): boolean {
    return this.#blocked
  }

  /** Whether nothing is left to do, and nothing comes before the next row. */
  get isIdle(): boolean {
    const isFree = !this.#running && !this.#blocked && !this.#stopped
    return isFree && this.#turns.length === 0 && this.#due.length === 0 && this.#ring.isEmpty
  }

  /** Whether the chain is on the stack: a sink that pushes into its own job must not start another turn. */
  get isRunning(): boolean {
    return this.#running
  }

  /** Takes no further batch, and doesn't go on with one that is held up. */
  stop(): void {
    this.#stopped = true
  }

  /** Works until the ring is empty or downstream is full. */
  work(): TaskState {
    if (this.#stopped) return 'idle'
    return this.#guarded(() => {
      if (this.#blocked && !this.#resumed()) return 'blocked'
      while (!this.#stopped) {
        const position = this.#accepted() - this.#ring.length
        const next = this.#turns[0]
        const turn =
          this.#due.shift() ?? (next !== undefined && next.at <= position ? this.#turns.shift()!.turn : undefined)
        if (turn !== undefined) {
          if (turn()) continue
          this.#blocked = true
          return 'blocked'
        }
        if (this.#ring.isEmpty) break
        const most = next === undefined ? this.#maxBatch : Math.min(this.#maxBatch, next.at - position)
        const rows = this.#pace === undefined ? most : this.#rowsNow(this.#pace, most)
        if (rows === 0) continue
        this.#listener.batchBegins()
        const batch = this.#intake.poll(rows)
        this.#inputs?.show(position, batch.length)
        this.#held = batch.length
        this.#startNs = this.#monotonicNs?.() ?? 0
        if (!this.#head.process(batch)) {
          this.#blocked = true
          return 'blocked'
        }
        this.#finishBatch()
      }
      return 'idle'
    })
  }

  /** Tells the chain that the input is over: all windows close. Only after `work` returned 'idle'; then it is `work` again. */
  endOfInput(): TaskState {
    return this.inject(() => this.#head.advanceWatermark(Number.POSITIVE_INFINITY))
  }

  /** Has something other than rows go into the chain, behind the rows accepted so far and before any that come later. */
  follow(turn: () => boolean): void {
    this.#turns.push({ at: this.#accepted(), turn })
  }

  /** Takes what falls due while the clock is moved on towards a row: it comes before the row. False: that isn't now. */
  interject(turn: () => boolean): boolean {
    if (this.#isPacing) this.#due.push(turn)
    return this.#isPacing
  }

  /** Sends something other than rows into the chain, between two batches: false of `turn` means that downstream is full. */
  inject(turn: () => boolean): TaskState {
    return this.#guarded(() => {
      if (turn()) return 'idle'
      this.#blocked = true
      return 'blocked'
    })
  }

  /** How many of the oldest rows come next; 0: something that is due does. */
  #rowsNow(pace: RowPace, most: number): number {
    this.#isPacing = true
    try {
      const rows = pace.rowsNow(this.#ring.poll(most))
      // Rows that are only looked at must not stand in the way of eviction.
      if (rows === 0) this.#ring.poll(0)
      return rows
    } finally {
      this.#isPacing = false
    }
  }

  #guarded(turn: () => TaskState): TaskState {
    this.#running = true
    try {
      return turn()
    } finally {
      this.#running = false
    }
  }

  #resumed(): boolean {
    if (!this.#head.resume()) return false
    this.#blocked = false
    if (this.#held > 0) this.#finishBatch()
    return true
  }

  #finishBatch(): void {
    const rows = this.#held
    this.#held = 0
    this.#intake.release(rows)
    this.#inputs?.pass()
    this.#listener.batchDone(rows, this.#monotonicNs === undefined ? 0 : this.#monotonicNs() - this.#startNs)
    this.#listener.spaceFreed()
  }
}
