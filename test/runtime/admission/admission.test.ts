import { describe, expect, it } from 'vitest'
import type { BackpressureStrategy } from '../../../src/plan/backpressure-strategy.ts'
import { closed, codeOf, edge, soFar } from './array-edge.ts'

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

  it('stands beside a signal that is one, and beside nothing else', () => {
    const { push, admission, ledger, inside } = edge(1, 'block')
    for (const options of [{ signal: {} }, { signal: null }, { stratgy: 'block' }, 'drop-oldest', null] as never[]) {
      expect(codeOf(() => push(1, options))).toBe('OPTION_INVALID')
      expect(codeOf(() => admission.admitMany(2, () => 1, options))).toBe('OPTION_INVALID')
    }
    expect([inside, ledger.offered, admission.waiting]).toEqual([[], 0, 0])
  })

  it('answers with the same frozen refusal each time', () => {
    const { push } = edge(1, 'drop-newest')
    push(1)
    expect(push(2)).toBe(push(3))
    expect(Object.isFrozen(push(2))).toBe(true)
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
