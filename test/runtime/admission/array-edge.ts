import type { EventfluxError } from '../../../src/errors.ts'
import type { BackpressureStrategy } from '../../../src/plan/backpressure-strategy.ts'
import { Admission } from '../../../src/runtime/admission/admission.ts'
import { Ledger } from '../../../src/runtime/admission/ledger.ts'
import type { Clock } from '../../../src/time/clock.ts'
import { VirtualClock } from '../../../src/time/virtual-clock.ts'

/** A clock that tells how many timers are set. */
class CountingClock implements Clock {
  readonly #clock = new VirtualClock()
  timers = 0
  readonly delays: number[] = []

  now = () => this.#clock.now()
  monotonicNs = () => this.#clock.monotonicNs()
  after(delayMs: number, callback: () => void): () => void {
    this.timers++
    this.delays.push(delayMs)
    let isSet = true
    const end = () => {
      if (isSet) this.timers--
      isSet = false
    }
    const cancel = this.#clock.after(delayMs, () => {
      end()
      callback()
    })
    return () => {
      end()
      cancel()
    }
  }
  advance = (ms: number) => this.#clock.advance(ms)
}

/** An edge over a plain array; promises are watched, so that "not settled yet" can be asserted. */
export function edge(capacity: number, strategy: BackpressureStrategy, random: () => number = () => 0.5) {
  const inside: number[] = []
  const clock = new CountingClock()
  const ledger = new Ledger()
  let limit = capacity
  const growths: number[] = []
  const store = {
    get capacity() {
      return limit
    },
    get length() {
      return inside.length
    },
    get bytes() {
      return limit * 8
    },
    evictOldest: (rows: number) => inside.splice(0, rows).length,
    grow(maxBytes: number) {
      if (limit * 16 > maxBytes) return false
      limit *= 2
      return true
    },
  }
  const onGrow = (warning: { capacity: number }) => growths.push(warning.capacity)
  const admission = new Admission(store, { strategy, clock, ledger, random, onGrow })
  const accept = (id: number) => () => {
    if (inside.length >= limit) return false
    inside.push(id)
    return true
  }
  const push = (id: number, options?: Parameters<Admission['admit']>[1]) => admission.admit(accept(id), options)
  const pop = () => {
    const id = inside.shift()
    admission.spaceFreed()
    return id
  }
  return { admission, clock, ledger, inside, growths, push, pop }
}

/** What a push came to by now. */
export async function soFar(result: unknown): Promise<unknown> {
  return Promise.race([result, new Promise(resolve => setImmediate(resolve, 'waits'))])
}

export function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return (error as EventfluxError).code
  }
  return undefined
}

export const full = { ok: false, reason: 'full' }
export const closed = { ok: false, reason: 'closed' }
export const circuitOpen = { ok: false, reason: 'circuitOpen' }
