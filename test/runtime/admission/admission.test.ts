import { describe, expect, it } from 'vitest'
import type { EventfluxError } from '../../../src/errors.ts'
import type { BackpressureStrategy } from '../../../src/plan/backpressure-strategy.ts'
import { Admission } from '../../../src/runtime/admission/admission.ts'
import { Ledger } from '../../../src/runtime/admission/ledger.ts'
import type { PushResult } from '../../../src/runtime/admission/push-result.ts'
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
function edge(capacity: number, strategy: BackpressureStrategy, random: () => number = () => 0.5) {
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
async function soFar(result: unknown): Promise<unknown> {
  return Promise.race([result, new Promise(resolve => setImmediate(resolve, 'waits'))])
}

function codeOf(act: () => unknown): string | undefined {
  try {
    act()
  } catch (error) {
    return (error as EventfluxError).code
  }
  return undefined
}

const full = { ok: false, reason: 'full' }
const closed = { ok: false, reason: 'closed' }
const circuitOpen = { ok: false, reason: 'circuitOpen' }

describe('every strategy', () => {
  const strategies: BackpressureStrategy[] = [
    'block',
    { kind: 'block', timeoutMs: 10 },
    'drop-oldest',
    'drop-newest',
    'unbounded',
    'error',
    { kind: 'backoff', initialMs: 1, factor: 2, maxMs: 8, attempts: 3 },
    { kind: 'circuit-breaker', failureThreshold: 1, recoveryMs: 10 },
  ]
  it.each(strategies)('%j accepts at once while there is room', strategy => {
    const { push, inside } = edge(2, strategy)
    expect([push(1), push(2)]).toEqual([true, true])
    expect(inside).toEqual([1, 2])
  })

  it.each(strategies)('%j refuses with closed once closed', strategy => {
    const { push, admission, ledger } = edge(2, strategy)
    admission.close()
    expect(push(1)).toEqual(closed)
    expect(ledger.rejected.closed).toBe(1)
  })

  it.each(strategies)('%j refuses an already aborted push even if there is room', strategy => {
    const { push, ledger, inside } = edge(2, strategy)
    expect(push(1, { signal: AbortSignal.abort() })).toEqual({ ok: false, reason: 'aborted' })
    expect(ledger.rejected.aborted).toBe(1)
    expect(inside).toEqual([])
  })

  it('must be a known one, per edge and per push', () => {
    expect(codeOf(() => edge(1, 'dropOldest' as never))).toBe('OPTION_INVALID')
    expect(codeOf(() => edge(1, 'block').push(1, { strategy: 'toString' as never }))).toBe('OPTION_INVALID')
  })

  it('answers with the same frozen refusal each time', () => {
    const { push } = edge(1, 'drop-newest')
    push(1)
    expect(push(2)).toBe(push(3))
    expect(Object.isFrozen(push(2))).toBe(true)
  })
})

describe('block', () => {
  it('waits first come first served and is accepted when a slot frees', async () => {
    const { push, pop, inside, admission } = edge(1, 'block')
    push(1)
    const settled: number[] = []
    const waits = [2, 3, 4].map(id => Promise.resolve(push(id)).then(result => result === true && settled.push(id)))
    expect(admission.waiting).toBe(3)
    expect(pop()).toBe(1)
    await soFar(0)
    expect(settled).toEqual([2])
    expect(pop()).toBe(2)
    expect(pop()).toBe(3)
    await Promise.all(waits)
    expect(settled).toEqual([2, 3, 4])
    expect(inside).toEqual([4])
  })

  it('lets nobody overtake who waits, whatever their strategy', async () => {
    const { push, inside, admission } = edge(1, 'block')
    push(1)
    const second = push(2)
    inside.shift()
    expect(push(3, { strategy: 'drop-newest' })).toEqual(full)
    expect(inside).toEqual([2])
    expect(await second).toBe(true)
    const fourth = push(4)
    expect(push(5, { strategy: 'drop-oldest' })).toBe(true)
    expect(await fourth).toBe(true)
    expect(inside).toEqual([5])
    expect(admission.waiting).toBe(0)
  })

  it('lets nobody overtake one who needs more room than there is', async () => {
    const { push, inside, admission } = edge(3, 'block')
    for (const id of [1, 2, 3]) push(id)
    const large = admission.admit(() => inside.length <= 1 && inside.push(4, 5) > 0)
    inside.shift()
    admission.spaceFreed()
    expect(push(6, { strategy: 'drop-newest' })).toEqual(full)
    expect(inside).toEqual([2, 3])
    inside.shift()
    admission.spaceFreed()
    expect(await large).toBe(true)
    expect(inside).toEqual([3, 4, 5])
  })

  it('ends with aborted when its signal aborts, and leaves the line in order', async () => {
    const { push, pop, inside, ledger } = edge(1, 'block')
    push(1)
    const controller = new AbortController()
    const second = push(2, { signal: controller.signal })
    const third = push(3)
    controller.abort()
    expect(await second).toEqual({ ok: false, reason: 'aborted' })
    pop()
    expect(await third).toBe(true)
    expect(inside).toEqual([3])
    expect(ledger.rejected.aborted).toBe(1)
  })

  it('ignores a signal that aborts after the push was accepted', async () => {
    const { push, pop, ledger } = edge(1, 'block')
    push(1)
    const controller = new AbortController()
    const second = push(2, { signal: controller.signal })
    pop()
    controller.abort()
    expect(await second).toBe(true)
    expect(ledger.rejected.aborted).toBe(0)
  })

  it('refuses with closed when the edge closes while it waits, in order', async () => {
    const { push, admission } = edge(1, 'block')
    push(1)
    const order: number[] = []
    const waits = [2, 3].map(async id => {
      const result = await push(id)
      order.push(id)
      return result
    })
    admission.close()
    expect(await Promise.all(waits)).toEqual([closed, closed])
    expect(order).toEqual([2, 3])
  })

  it('refuses with closed when the edge fails, and keeps the reason', async () => {
    const { push, admission } = edge(1, 'block')
    push(1)
    const second = push(2)
    const reason = new Error('sink gone')
    admission.fail(reason)
    admission.fail(new Error('later'))
    expect(await second).toEqual(closed)
    expect(admission.state).toBe('failed')
    expect(admission.failure).toBe(reason)
  })

  it('rejects the promise when storing throws, and goes on with the next', async () => {
    const { push, pop, admission, inside, ledger } = edge(1, 'block')
    push(1)
    const second = admission.admit(() => {
      if (inside.length > 0) return false
      throw new Error('does not fit')
    })
    const third = push(3)
    pop()
    await expect(second).rejects.toThrow('does not fit')
    expect(await third).toBe(true)
    expect(ledger.offered).toBe(2)
  })

  it('survives a close and an abort from inside the storing of one who waits', async () => {
    const { push, pop, admission, inside, ledger } = edge(1, 'block')
    push(1)
    const controller = new AbortController()
    const tryAccept = () => {
      if (inside.length > 0) return false
      controller.abort()
      admission.close()
      admission.spaceFreed()
      inside.push(2)
      return true
    }
    const second = admission.admit(tryAccept, { signal: controller.signal })
    const third = push(3)
    pop()
    expect(await second).toBe(true)
    expect(await third).toEqual(closed)
    expect(inside).toEqual([2])
    expect(ledger).toMatchObject({ offered: 3, accepted: 2 })
  })
})

describe('block with a timeout', () => {
  it('waits at most that long, then is refused with timeout', async () => {
    const { push, clock } = edge(1, { kind: 'block', timeoutMs: 100 })
    push(1)
    const second = push(2)
    clock.advance(99)
    expect(await soFar(second)).toBe('waits')
    clock.advance(1)
    expect(await second).toEqual({ ok: false, reason: 'timeout' })
  })

  it('is accepted on a slot that frees meanwhile and leaves no timer behind', async () => {
    const { push, pop, clock } = edge(1, { kind: 'block', timeoutMs: 100 })
    push(1)
    const second = push(2)
    clock.advance(60)
    pop()
    expect(await second).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('looks a last time before it gives up', async () => {
    const { push, inside, clock } = edge(1, { kind: 'block', timeoutMs: 100 })
    push(1)
    const second = push(2)
    inside.shift()
    clock.advance(100)
    expect(await second).toBe(true)
  })

  it('of 0 ms is refused at once', () => {
    const { push } = edge(1, { kind: 'block', timeoutMs: 0 })
    push(1)
    expect(push(2)).toEqual({ ok: false, reason: 'timeout' })
  })

  it('is refused with closed when closed while waiting, and leaves no timer behind', async () => {
    const { push, admission, clock } = edge(1, { kind: 'block', timeoutMs: 100 })
    push(1)
    const second = push(2)
    admission.close()
    expect(await second).toEqual(closed)
    expect(clock.timers).toBe(0)
  })
})

describe('drop-oldest', () => {
  it('evicts the head, counts it and accepts', () => {
    const { push, inside, ledger } = edge(2, 'drop-oldest')
    expect([1, 2, 3, 4, 5].map(id => push(id))).toEqual([true, true, true, true, true])
    expect(inside).toEqual([4, 5])
    expect(ledger).toMatchObject({ offered: 5, accepted: 5, evicted: 3 })
  })

  it('is refused with full when nothing can be evicted now', () => {
    const { admission, ledger } = edge(2, 'drop-oldest')
    const stuck = new Admission(
      { capacity: 1, length: 1, bytes: 0, evictOldest: () => 0 },
      { strategy: 'drop-oldest', clock: new VirtualClock(), ledger },
    )
    expect(stuck.admit(() => false)).toEqual(full)
    expect(admission.state).toBe('open')
  })
})

describe('drop-newest', () => {
  it('refuses the arrival with full', () => {
    const { push, inside, ledger } = edge(2, 'drop-newest')
    expect([1, 2, 3].map(id => push(id))).toEqual([true, true, full])
    expect(inside).toEqual([1, 2])
    expect(ledger.rejected.full).toBe(1)
  })
})

describe('unbounded', () => {
  it('grows, says so at each growth, and at maxBytes behaves as error', () => {
    const { push, inside, growths, admission, ledger } = edge(2, { kind: 'unbounded', maxBytes: 8 * 8 })
    for (let id = 0; id < 8; id++) expect(push(id)).toBe(true)
    expect(growths).toEqual([4, 8])
    expect(codeOf(() => push(8))).toBe('BACKPRESSURE')
    expect(admission.state).toBe('failed')
    expect(push(9)).toEqual(closed)
    expect(inside).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(ledger).toMatchObject({ offered: 10, accepted: 8, rejected: { full: 1, closed: 1 } })
  })

  it('fails at once when the store cannot grow', () => {
    const fixed = new Admission(
      { capacity: 1, length: 1, bytes: 8, evictOldest: () => 1 },
      { strategy: 'unbounded', clock: new VirtualClock(), ledger: new Ledger() },
    )
    expect(codeOf(() => fixed.admit(() => false))).toBe('BACKPRESSURE')
  })
})

describe('error', () => {
  it('throws BACKPRESSURE when full and fails the edge, once', () => {
    const { push, admission, ledger } = edge(1, 'error')
    push(1)
    expect(codeOf(() => push(2))).toBe('BACKPRESSURE')
    expect(admission.state).toBe('failed')
    expect((admission.failure as EventfluxError).code).toBe('BACKPRESSURE')
    expect(push(3)).toEqual(closed)
    expect(ledger).toMatchObject({ offered: 3, accepted: 1, rejected: { full: 1, closed: 1 } })
  })

  it('of one push refuses those who wait under another strategy', async () => {
    const { push } = edge(1, 'block')
    push(1)
    const second = push(2)
    expect(codeOf(() => push(3, { strategy: 'error' }))).toBe('BACKPRESSURE')
    expect(await second).toEqual(closed)
  })
})

describe('backoff', () => {
  const strategy = { kind: 'backoff', initialMs: 10, factor: 3, maxMs: 50, attempts: 4, jitter: 'none' } as const

  it('sleeps longer each time up to maxMs, and after its attempts is refused with full', async () => {
    const { push, clock } = edge(1, strategy)
    push(1)
    const second = push(2)
    clock.advance(139)
    expect(await soFar(second)).toBe('waits')
    clock.advance(1)
    expect(await second).toEqual(full)
    expect(clock.delays).toEqual([10, 30, 50, 50])
    expect(clock.timers).toBe(0)
  })

  it('draws each wait from 0 to its length with full jitter', async () => {
    const draws = [0.5, 0, 0.9, 0.25]
    const { push, clock } = edge(1, { ...strategy, jitter: 'full' }, () => draws.shift()!)
    push(1)
    const second = push(2)
    clock.advance(1000)
    expect(await second).toEqual(full)
    expect(clock.delays).toEqual([5, 0, 45, 12.5])
  })

  it('is accepted on a slot that frees during a sleep and leaves no timer behind', async () => {
    const { push, pop, clock } = edge(1, strategy)
    push(1)
    const second = push(2)
    clock.advance(25)
    pop()
    expect(await second).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('finds room nobody told it of at its next try', async () => {
    const { push, inside, clock } = edge(1, strategy)
    push(1)
    const second = push(2)
    inside.shift()
    expect(await soFar(second)).toBe('waits')
    clock.advance(10)
    expect(await second).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('is refused with closed when closed during a sleep, and leaves no timer behind', async () => {
    const { push, admission, clock } = edge(1, strategy)
    push(1)
    const second = push(2)
    clock.advance(15)
    admission.close()
    expect(await second).toEqual(closed)
    expect(clock.timers).toBe(0)
  })
})

describe('circuit-breaker', () => {
  const strategy = { kind: 'circuit-breaker', failureThreshold: 2, recoveryMs: 100 } as const

  it('refuses with full, at the threshold opens and refuses with circuitOpen, even if there is room', () => {
    const { push, pop } = edge(1, strategy)
    expect([1, 2, 3, 4].map(id => push(id))).toEqual([true, full, full, circuitOpen])
    pop()
    expect(push(5)).toEqual(circuitOpen)
  })

  it('forgets failures at an acceptance', () => {
    const { push, pop } = edge(1, strategy)
    push(1)
    expect(push(2)).toEqual(full)
    pop()
    expect(push(3)).toBe(true)
    expect([push(4), push(5), push(6)]).toEqual([full, full, circuitOpen])
  })

  it('after the recovery lets exactly one probe through: accepted, it closes the circuit', () => {
    const { push, pop, clock } = edge(1, strategy)
    for (const id of [1, 2, 3]) push(id)
    pop()
    clock.advance(99)
    expect(push(4)).toEqual(circuitOpen)
    clock.advance(1)
    expect(push(5)).toBe(true)
    expect([push(6), push(7), push(8)]).toEqual([full, full, circuitOpen])
  })

  it('after the recovery lets exactly one probe through: refused, it opens the circuit for as long again', () => {
    const { admission, clock, push } = edge(1, strategy)
    for (const id of [1, 2, 3]) push(id)
    clock.advance(100)
    let looks = 0
    const look = () => {
      looks++
      return false
    }
    expect([0, 1, 2].map(() => admission.admit(look))).toEqual([full, circuitOpen, circuitOpen])
    expect(looks).toBe(1)
    clock.advance(99)
    expect(admission.admit(look)).toEqual(circuitOpen)
    clock.advance(1)
    expect(admission.admit(look)).toEqual(full)
    expect(looks).toBe(2)
  })

  it('keeps others out while the probe is being stored', () => {
    const { admission, clock, push, pop } = edge(1, strategy)
    for (const id of [1, 2, 3]) push(id)
    pop()
    clock.advance(100)
    let nested: unknown
    const probe = () => {
      nested = push(9)
      return true
    }
    expect(admission.admit(probe)).toBe(true)
    expect(nested).toEqual(circuitOpen)
  })

  it('opens again when storing the probe throws', () => {
    const { admission, clock, push, pop } = edge(1, strategy)
    for (const id of [1, 2, 3]) push(id)
    pop()
    clock.advance(100)
    expect(() =>
      admission.admit(() => {
        throw new Error('does not fit')
      }),
    ).toThrow('does not fit')
    expect(push(4)).toEqual(circuitOpen)
  })

  it('is shared by pushes that name an equal one each', () => {
    const { push } = edge(1, 'block')
    push(1)
    const results: (PushResult | Promise<PushResult>)[] = []
    for (let id = 2; id < 5; id++) results.push(push(id, { strategy: { ...strategy } }))
    expect(results).toEqual([full, full, circuitOpen])
  })
})

describe('a batch', () => {
  const pushMany = (
    { admission, inside }: ReturnType<typeof edge>,
    ids: number[],
    capacity: number,
    options?: { strategy?: BackpressureStrategy; signal?: AbortSignal },
  ) => {
    let next = 0
    return admission.admitMany(
      ids.length,
      rows => {
        const fits = Math.min(rows, capacity - inside.length)
        inside.push(...ids.slice(next, next + fits))
        next += fits
        return fits
      },
      options,
    )
  }

  it('answers true when all of it went in', () => {
    const e = edge(4, 'block')
    expect(pushMany(e, [1, 2, 3], 4)).toBe(true)
    expect(pushMany(e, [], 4)).toBe(true)
    expect(e.ledger).toMatchObject({ offered: 3, accepted: 3 })
  })

  it('under drop-newest says how much went in', () => {
    const e = edge(4, 'drop-newest')
    expect(pushMany(e, [1, 2, 3, 4, 5, 6], 4)).toEqual({ ok: false, reason: 'full', accepted: 4, rejected: 2 })
    expect(e.inside).toEqual([1, 2, 3, 4])
  })

  it('under drop-oldest evicts as many as it takes, rows of its own too', () => {
    const e = edge(3, 'drop-oldest')
    pushMany(e, [1, 2], 3)
    expect(pushMany(e, [3, 4], 3)).toBe(true)
    expect(e.inside).toEqual([2, 3, 4])
    expect(e.ledger.evicted).toBe(1)
    expect(pushMany(e, [5, 6, 7, 8, 9, 10, 11], 3)).toBe(true)
    expect(e.inside).toEqual([9, 10, 11])
    expect(e.ledger).toMatchObject({ accepted: 11, evicted: 8 })
  })

  it('under block keeps its place until all of it is in', async () => {
    const e = edge(2, 'block')
    const batch = pushMany(e, [1, 2, 3, 4, 5], 2)
    const next = e.push(6)
    expect(e.pop()).toBe(1)
    expect(await soFar(batch)).toBe('waits')
    expect([e.pop(), e.pop(), e.pop()]).toEqual([2, 3, 4])
    expect(await batch).toBe(true)
    expect(await next).toBe(true)
    expect(e.inside).toEqual([5, 6])
  })

  it('that is aborted half way in says how much went in', async () => {
    const e = edge(2, 'block')
    const controller = new AbortController()
    const batch = pushMany(e, [1, 2, 3, 4, 5], 2, { signal: controller.signal })
    e.pop()
    controller.abort()
    expect(await batch).toEqual({ ok: false, reason: 'aborted', accepted: 3, rejected: 2 })
    expect(e.ledger).toMatchObject({ offered: 5, accepted: 3, rejected: { aborted: 2 } })
  })

  it('under the circuit breaker counts row by row', () => {
    const e = edge(2, { kind: 'circuit-breaker', failureThreshold: 2, recoveryMs: 10 })
    expect(pushMany(e, [1, 2, 3, 4, 5, 6, 7], 2)).toEqual({ ok: false, reason: 'full', accepted: 2, rejected: 5 })
    expect(e.ledger.rejected).toMatchObject({ full: 2, circuitOpen: 3 })
    e.clock.advance(10)
    expect(pushMany(e, [8, 9], 2)).toEqual({ ok: false, reason: 'full', accepted: 0, rejected: 2 })
    expect(e.ledger.rejected).toMatchObject({ full: 3, circuitOpen: 4 })
    e.clock.advance(10)
    e.inside.length = 0
    expect(pushMany(e, [10, 11], 2)).toBe(true)
  })

  it('under error keeps what went in and throws for the rest', () => {
    const e = edge(2, 'error')
    expect(codeOf(() => pushMany(e, [1, 2, 3], 2))).toBe('BACKPRESSURE')
    expect(e.inside).toEqual([1, 2])
    expect(e.ledger).toMatchObject({ offered: 3, accepted: 2, rejected: { full: 1 } })
  })
})
