import { describe, expect, it } from 'vitest'
import { Admission } from '../../../src/runtime/admission/admission.ts'
import { VirtualClock } from '../../../src/time/virtual-clock.ts'
import { edge, full } from './array-edge.ts'

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
