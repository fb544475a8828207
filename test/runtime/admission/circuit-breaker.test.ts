import { describe, expect, it } from 'vitest'
import type { PushResult } from '../../../src/runtime/admission/push-result.ts'
import { circuitOpen, edge, full } from './array-edge.ts'

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
