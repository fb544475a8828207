import type { RejectReason } from '../../src/metrics/counters.ts'
import type { BackpressureStrategy } from '../../src/plan/backpressure-strategy.ts'

export const STRATEGIES = {
  block: 'block',
  timeout: { kind: 'block', timeoutMs: 30 },
  oldest: 'drop-oldest',
  newest: 'drop-newest',
  unbounded: 'unbounded',
  error: 'error',
  backoff: { kind: 'backoff', initialMs: 8, factor: 2, maxMs: 20, attempts: 3 },
  breaker: { kind: 'circuit-breaker', failureThreshold: 2, recoveryMs: 40 },
} as const satisfies Record<string, BackpressureStrategy>

export type StrategyName = keyof typeof STRATEGIES
/** Sleeps of 8, 16 and 20 ms, halved by a random draw that is always 0.5. */
const BACKOFF_MS = (8 + 16 + 20) / 2

export type Outcome = 'in' | RejectReason | 'BACKPRESSURE'

interface Waiting {
  readonly id: number
  readonly until: number
  readonly reason: Outcome
}

/** What the contract says, written down as plainly as possible: one list of who is in, one of who waits. */
export class Model {
  nowMs = 0
  isOpen = true
  evicted = 0
  readonly delivered: number[] = []
  readonly outcomes = new Map<number, Outcome>()
  readonly inside: number[] = []
  waiting: Waiting[] = []
  readonly #made: number
  capacity: number
  failures = 0
  openUntil = -1

  constructor(capacity: number) {
    this.#made = capacity
    this.capacity = capacity
  }

  get isFull() {
    return this.inside.length === this.capacity
  }

  tryPush(id: number): void {
    if (!this.isOpen) this.outcomes.set(id, 'closed')
    else if (this.isFull) this.outcomes.set(id, 'full')
    else this.#in(id)
  }

  push(id: number, strategy: StrategyName, isAborted: boolean) {
    if (!this.isOpen) return this.#say(id, 'closed')
    if (isAborted) return this.#say(id, 'aborted')
    if (strategy === 'breaker') return this.#breaker(id)
    if (!this.isFull) return this.#in(id)
    switch (strategy) {
      case 'newest':
        return this.#say(id, 'full')
      case 'block':
        return this.#wait(id, Number.POSITIVE_INFINITY, 'closed')
      case 'timeout':
        return this.#wait(id, 30, 'timeout')
      case 'backoff':
        return this.#wait(id, BACKOFF_MS, 'full')
      case 'error':
        this.#say(id, 'BACKPRESSURE')
        return this.close()
      case 'oldest':
        while (this.waiting.length > 0) this.#evict()
        this.#evict()
        return this.#in(id)
      case 'unbounded':
        do {
          this.capacity *= 2
          this.#serve()
        } while (this.waiting.length > 0 || this.isFull)
        return this.#in(id)
    }
  }

  pop(): number | undefined {
    const id = this.inside.shift()
    if (id !== undefined) this.delivered.push(id)
    this.#shrinkIfEmpty()
    this.#serve()
    return id
  }

  popBatch(max: number): void {
    const count = Math.min(max, this.inside.length)
    this.delivered.push(...this.inside.splice(0, count))
    this.#shrinkIfEmpty()
    this.#serve()
  }

  clear(): void {
    this.evicted += this.inside.splice(0).length
    this.#shrinkIfEmpty()
    this.#serve()
  }

  abort(id: number): void {
    if (this.waiting.some(waiter => waiter.id === id)) this.#leave(id, 'aborted')
  }

  advance(ms: number): void {
    this.nowMs += ms
    for (const { id, until, reason } of [...this.waiting]) if (until <= this.nowMs) this.#leave(id, reason)
  }

  close(): void {
    this.isOpen = false
    for (const { id } of [...this.waiting]) this.#leave(id, 'closed')
  }

  #breaker(id: number) {
    const isProbe = this.openUntil >= 0
    if (isProbe && this.nowMs < this.openUntil) return this.#say(id, 'circuitOpen')
    if (!this.isFull) {
      this.openUntil = -1
      this.failures = 0
      return this.#in(id)
    }
    this.failures++
    if (isProbe || this.failures === 2) this.openUntil = this.nowMs + 40
    this.#say(id, 'full')
  }

  #say(id: number, outcome: Outcome): void {
    this.outcomes.set(id, outcome)
  }

  #in(id: number): void {
    this.inside.push(id)
    this.#say(id, 'in')
  }

  #wait(id: number, ms: number, reason: Outcome): void {
    this.waiting.push({ id, until: this.nowMs + ms, reason })
  }

  #leave(id: number, outcome: Outcome): void {
    this.waiting = this.waiting.filter(waiter => waiter.id !== id)
    this.#say(id, outcome)
  }

  #evict(): void {
    this.inside.shift()
    this.evicted++
    this.#serve()
  }

  #serve(): void {
    while (this.waiting.length > 0 && !this.isFull) this.#in(this.waiting.shift()!.id)
  }

  #shrinkIfEmpty(): void {
    if (this.inside.length === 0) this.capacity = this.#made
  }
}
