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

  it('drops no more than it must for what is pushed while somebody who waited is being let in', async () => {
    const { admission, push, pop, inside, ledger } = edge(3, 'block')
    for (const id of [1, 2, 3]) push(id)
    let nested: unknown
    const waits = admission.admit(() => {
      if (inside.length === 3) return false
      nested = push(5, { strategy: 'drop-oldest' })
      inside.push(4)
      return true
    })
    pop()
    expect(await Promise.all([waits, nested])).toEqual([true, true])
    expect(inside).toEqual([3, 4, 5])
    expect(ledger).toMatchObject({ offered: 5, accepted: 5, evicted: 1 })
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
