import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { closed, edge, full, soFar } from './array-edge.ts'

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

  it('ends with aborted though its signal aborted before it began: while the first of its rows went in', () => {
    const { admission, ledger } = edge(2, 'block')
    const controller = new AbortController()
    let room = 2
    const take = () => {
      if (room === 1) controller.abort()
      return room-- > 0 ? 1 : 0
    }
    const result = admission.admitMany(3, take, { signal: controller.signal })
    expect(result).toEqual({ ok: false, reason: 'aborted', accepted: 2, rejected: 1 })
    expect(ledger).toMatchObject({ offered: 3, accepted: 2, rejected: { aborted: 1 } })
  })

  it('listens once to a signal, however many wait by it, and until the last of them is in', async () => {
    const { push, pop, inside } = edge(1, 'block')
    push(0)
    const controller = new AbortController()
    const { signal } = controller
    const listeners = () => getEventListeners(signal, 'abort').length
    const waits = Array.from({ length: 20 }, (_, i) => push(i + 1, { signal }))
    expect(listeners()).toBe(1)
    pop()
    expect(await waits[0]).toBe(true)
    expect(listeners()).toBe(1)
    controller.abort()
    expect(await Promise.all(waits.slice(1))).toEqual(Array(19).fill({ ok: false, reason: 'aborted' }))
    expect(inside).toEqual([1])
    expect(listeners()).toBe(0)
    const last = new AbortController()
    const accepted = push(21, { signal: last.signal })
    pop()
    expect(await accepted).toBe(true)
    expect(getEventListeners(last.signal, 'abort')).toEqual([])
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

  it.each([0, 2])('fails a push, and it alone, whose jitter throws after %d waits', async waits => {
    let draws = 0
    const random = (): number => {
      if (draws++ === waits) throw new Error('no luck')
      return 0.5
    }
    const { push, pop, clock, inside, admission } = edge(1, { ...strategy, jitter: 'full' }, random)
    push(1)
    const [second, third] = [push(2), push(3, { strategy: 'block' })]
    const failed = expect(second).rejects.toThrow('no luck')
    clock.advance(1_000)
    await failed
    expect([admission.waiting, clock.timers]).toEqual([1, 0])
    pop()
    expect(await third).toBe(true)
    expect(inside).toEqual([3])
  })

  it.each([Number.NaN, -0.1, 1.5, 'half', undefined])(
    'fails a push whose jitter is %s, and no wait begins',
    async share => {
      const { push, clock, admission } = edge(1, { ...strategy, jitter: 'full' }, () => share as number)
      push(1)
      await expect(push(2)).rejects.toMatchObject({ code: 'OPTION_INVALID', at: 'random' })
      expect([admission.waiting, clock.timers]).toEqual([0, 0])
    },
  )

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
