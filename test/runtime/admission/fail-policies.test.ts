import { describe, expect, it } from 'vitest'
import type { EventfluxError } from '../../../src/errors.ts'
import { Admission } from '../../../src/runtime/admission/admission.ts'
import { Ledger } from '../../../src/runtime/admission/ledger.ts'
import { VirtualClock } from '../../../src/time/virtual-clock.ts'
import { closed, codeOf, edge } from './array-edge.ts'

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
