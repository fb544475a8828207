import { getEventListeners } from 'node:events'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { WaitCell } from '../../src/memory/wait-cell.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { bundledThread, startThread } from './threads.ts'

const newCells = (): Int32Array => new Int32Array(new SharedArrayBuffer(64))

describe('a wait cell', () => {
  let thread: string
  beforeAll(async () => {
    thread = await bundledThread('test/concurrency/wait-cell.thread.ts')
  })

  it('loses no wake-up between a thread that blocks and one that must not', async () => {
    const rounds = 10_000
    const cells = newCells()
    const theirs = new WaitCell(cells, 4)
    const mine = new WaitCell(cells, 2)
    const { result } = startThread(thread, { memory: cells.buffer, rounds, side: 1 })
    for (let round = 1; round <= rounds; round++) {
      Atomics.store(cells, 0, round)
      theirs.wake()
      expect(await mine.parkAsync(() => Atomics.load(cells, 1) >= round, { timeoutMs: 30_000 })).toBe(true)
    }
    expect(await result).toBe('done')
    expect([cells[3], cells[5]]).toEqual([0, 0])
  })

  it('loses none between two threads that block', async () => {
    const rounds = 20_000
    const cells = newCells()
    const threads = [0, 1].map(side => startThread(thread, { memory: cells.buffer, rounds, side }))
    expect(await Promise.all(threads.map(({ result }) => result))).toEqual(['done', 'done'])
    expect([...cells.subarray(0, 2)]).toEqual([rounds, rounds])
    expect([cells[3], cells[5]]).toEqual([0, 0])
  })

  it('tells nobody when nobody waits', () => {
    const cells = newCells()
    new WaitCell(cells, 0).wake()
    expect([...cells.subarray(0, 2)]).toEqual([0, 0])
  })

  it('gives up when its time is over, blocking or not, and leaves no waiter behind', async () => {
    const cells = newCells()
    const cell = new WaitCell(cells, 0)
    expect(cell.park(() => false, 5)).toBe(false)
    expect(cell.park(() => false, 0)).toBe(false)
    const clock = new VirtualClock(0)
    const waiting = cell.parkAsync(() => false, { timeoutMs: 50, clock })
    expect(cells[1]).toBe(1)
    clock.advance(50)
    expect(await waiting).toBe(false)
    expect(cells[1]).toBe(0)
  })

  it('ends the wait of whom a signal aborts', async () => {
    const cells = newCells()
    const cell = new WaitCell(cells, 0)
    const controller = new AbortController()
    const waiting = cell.parkAsync(() => false, { signal: controller.signal })
    controller.abort()
    expect(await waiting).toBe(false)
    expect(await cell.parkAsync(() => false, { signal: controller.signal })).toBe(false)
    expect(cells[1]).toBe(0)
  })

  it('listens once to a signal by which many wait, and no more when they have gone', async () => {
    const cells = newCells()
    const cell = new WaitCell(cells, 0)
    const { signal } = new AbortController()
    const waits = Array.from({ length: 12 }, () => cell.parkAsync(() => Atomics.load(cells, 4) === 1, { signal }))
    expect(getEventListeners(signal, 'abort').length).toBe(1)
    Atomics.store(cells, 4, 1)
    cell.wake()
    expect(await Promise.all(waits)).toEqual(Array(12).fill(true))
    expect(getEventListeners(signal, 'abort')).toEqual([])
  })

  it('keeps nothing of those who have given up, many at a time', async () => {
    const cells = newCells()
    const cell = new WaitCell(cells, 0)
    for (let round = 0; round < 3; round++) {
      const clock = new VirtualClock(0)
      const waiting = Array.from({ length: 20 }, (_, i) =>
        cell.parkAsync(() => false, { timeoutMs: 1 + (i % 3), clock }),
      )
      clock.advance(1)
      await waiting[0]
      clock.advance(2)
      expect(await Promise.all(waiting)).toEqual(waiting.map(() => false))
    }
    // As many as are still waiting in the system.
    expect(Atomics.notify(cells, 0)).toBe(0)
    expect(await cell.parkAsync(() => true)).toBe(true)
  })

  it('polls where the platform has no waitAsync', async () => {
    vi.stubGlobal(
      'Atomics',
      new Proxy(Atomics, { get: (all, name) => (name === 'waitAsync' ? undefined : Reflect.get(all, name)) }),
    )
    try {
      const cells = newCells()
      setTimeout(() => Atomics.store(cells, 8, 1), 5)
      expect(await new WaitCell(cells, 0).parkAsync(() => Atomics.load(cells, 8) === 1)).toBe(true)
    } finally {
      vi.unstubAllGlobals()
    }
  })
})
