import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FrameRing, frameRingMemory } from '../../src/threads/frame-ring.ts'

const CAPACITY = 1024

it('hands every frame to every consumer, in order, whatever their sizes; full is when the slowest has no room left', () => {
  const steps = fc.array(
    fc.oneof(fc.record({ publish: fc.nat({ max: CAPACITY / 2 - 16 }) }), fc.record({ consume: fc.nat({ max: 2 }) })),
    { minLength: 20, maxLength: 300 },
  )
  fc.assert(
    fc.property(steps, all => {
      const shared = frameRingMemory(CAPACITY, 3)
      const producer = new FrameRing(shared, 3)
      const consumers = [0, 1, 2].map(() => new FrameRing(shared, 3))
      const sent: number[] = []
      const read = [0, 0, 0]
      let number = 0
      for (const step of all) {
        if ('publish' in step) {
          const offset = producer.claim(step.publish)
          const behind = sent.length - Math.min(...read)
          // An empty ring takes anything.
          if (behind === 0) expect(offset).toBeGreaterThan(0)
          if (offset < 0) continue
          producer.u8.fill(number & 0xff, offset, offset + step.publish)
          producer.publish(1, number++, step.publish)
          sent.push(step.publish)
          continue
        }
        const ring = consumers[step.consume]!
        const next = read[step.consume]!
        expect(ring.hasFrame(step.consume)).toBe(next < sent.length)
        const offset = ring.poll(step.consume)
        expect(offset > 0).toBe(next < sent.length)
        if (offset < 0) continue
        expect([ring.kind, ring.a, ring.b]).toEqual([1, next, sent[next]])
        expect(ring.u8.subarray(offset, offset + sent[next]!).every(byte => byte === (next & 0xff))).toBe(true)
        ring.release(step.consume)
        read[step.consume]!++
      }
    }),
  )
})

it('a frame that was claimed and not published is seen by nobody', () => {
  const shared = frameRingMemory(CAPACITY, 1)
  const producer = new FrameRing(shared, 1)
  const consumer = new FrameRing(shared, 1)
  producer.u8.fill(7, producer.claim(64), 64)
  expect(consumer.poll(0)).toBe(-1)
  producer.u8.fill(8, producer.claim(8), 8)
  producer.publish(2, 3, 4)
  expect(consumer.poll(0)).toBeGreaterThan(0)
  expect([consumer.kind, consumer.a, consumer.b]).toEqual([2, 3, 4])
})

it('whoever can not wait is called once, when it has asked', () => {
  const ring = new FrameRing(frameRingMemory(CAPACITY, 1), 1)
  expect(ring.takeFrameCall()).toBe(false)
  expect(ring.callForFrame()).toBe(true)
  expect([ring.takeFrameCall(), ring.takeFrameCall()]).toEqual([true, false])
  ring.claim(8)
  ring.publish(1, 0, 0)
  expect(ring.callForFrame()).toBe(false)
})

it('a producer that calls for room is told once, when all consumers have come to its position, or half of the ring is left', () => {
  for (const asksFor of ['position', 'half'] as const) {
    const shared = frameRingMemory(CAPACITY, 2)
    const producer = new FrameRing(shared, 2)
    const consumers = [0, 1].map(() => new FrameRing(shared, 2))
    const positions = Array.from({ length: 8 }, () => {
      producer.claim(CAPACITY / 8 - 16)
      producer.publish(1, 0, 0)
      return producer.tail
    })
    const take = (consumer: number): boolean => {
      consumers[consumer]!.poll(consumer)
      consumers[consumer]!.release(consumer)
      return consumers[consumer]!.takeSpaceCall()
    }
    expect([take(0), take(1)]).toEqual([false, false])
    if (asksFor === 'position') producer.callForSpace(positions[2])
    else producer.callForSpace()
    // Two frames more until the third is through, three until four are left.
    const told = Array.from({ length: 6 }, () => [take(0), take(1)])
    const at = asksFor === 'position' ? 1 : 2
    expect(told).toEqual(told.map((_, i) => [false, i === at]))
  }
})
