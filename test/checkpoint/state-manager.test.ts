import { describe, expect, it } from 'vitest'
import { memoryStore, StateManager, type StateReader, type StateWriter, sizeOfState } from '../../src/index.ts'
import { VirtualClock } from '../../src/testing/index.ts'

/** A sum by hand. */
class Total {
  sum = 0
  snapshot(writer: StateWriter): void {
    writer.f64(this.sum)
  }
  restore(reader: StateReader): void {
    this.sum = reader.finite()
  }
  sizeBytes(): number {
    return sizeOfState(this)
  }
}

describe('a manager of states', () => {
  it('brings each what the newest checkpoint holds of it, and takes them as they are when it is asked', async () => {
    const store = memoryStore()
    const [a, b] = [new Total(), new Total()]
    const clock = new VirtualClock(7)
    const manager = new StateManager({ store, retain: 2, clock }).register('a', a).register('b', b)
    expect(await manager.restore()).toBeUndefined()
    expect(manager.sizeBytes()).toBe(16)
    for (const sum of [1, 2, 3]) {
      a.sum = sum
      b.sum = -sum
      const taken = manager.checkpoint()
      a.sum = 99
      expect((await taken).id).toBe(sum)
    }
    expect(await store.list()).toEqual([2, 3])
    const [c, d] = [new Total(), new Total()]
    const again = new StateManager({ store }).register('b', d).register('a', c)
    expect(await again.restore()).toEqual({ id: 3, createdMs: 7, skipped: [] })
    expect([c.sum, d.sum]).toEqual([3, -3])
  })

  it('refuses what is missing, left over or no state, unless it is allowed', async () => {
    const store = memoryStore()
    await new StateManager({ store }).register('a', new Total()).checkpoint()
    const restored = (name: string, options = {}) =>
      new StateManager({ store }).register(name, new Total()).restore(options)
    await expect(restored('b')).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
    await expect(restored('b', { allowNew: true })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
    expect((await restored('b', { allowNew: true, allowDropped: true }))?.id).toBe(1)
    const greedy = {
      ...new Total(),
      restore: (reader: StateReader) => void reader.bytes(9),
      snapshot() {},
      sizeBytes: () => 0,
    }
    await expect(new StateManager({ store }).register('a', greedy).restore()).rejects.toMatchObject({
      code: 'CHECKPOINT_INVALID',
    })
  })

  it('is told when another has written to its store', async () => {
    const store = memoryStore()
    const [one, other] = [new StateManager({ store }), new StateManager({ store })]
    one.register('a', new Total())
    other.register('a', new Total())
    await one.checkpoint()
    await other.checkpoint()
    await expect(one.checkpoint()).rejects.toMatchObject({ code: 'CHECKPOINT_CONFLICT' })
    expect(await store.list()).toContain(2)
  })
})
