import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import type { PipelineConfig } from '../../src/plan/config.ts'
import { i32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { expectBalanced, turn } from './ledger.harness.ts'

const events = schema({ id: i32(), text: utf8().nullable() })
type Event = { id: number; text: string | null }

/** Columns of an id and a code, and two bytes a character. */
const bytesOf = ({ text }: Event): number => 4 + 4 + 2 * (text?.length ?? 0)
const event = (id: number, characters: number): Event => ({ id, text: 'x'.repeat(characters) })

/** A job whose first row is with a sink that never answers: what follows stays in the edge. */
async function stalled(config: PipelineConfig): Promise<Job<Event, Event>> {
  const job = await pipeline(events, { maxBatch: 1, bufferSize: 1_000, ...config }).run({
    sink: () => new Promise<void>(() => {}),
  })
  job.push({ id: -2, text: null })
  job.push({ id: -1, text: null })
  await turn()
  expect(job.counts()).toMatchObject({ delivered: 1, queued: 1 })
  return job
}
/** Bytes of the row that is being worked on and has not left the edge. */
const HELD = 8

describe('an edge bounded in bytes', () => {
  it.each(['wasm', 'js'] as const)(
    'is full when its rows with their text are as large as it may be: %s',
    async engine => {
      const job = await stalled({ engine, maxBytes: HELD + 3 * 28, backpressure: 'drop-newest' })
      const results = [10, 10, 10, 0].map((characters, id) => job.push(event(id, characters)))
      expect(results).toEqual([true, true, true, { ok: false, reason: 'full' }])
      expect(job.tryPush(event(9, 0))).toBe(false)
      expectBalanced(job)
      await job.stop({ drain: false })
    },
  )

  it('takes a smaller row where a larger one has no room', async () => {
    const job = await stalled({ maxBytes: HELD + 40, backpressure: 'drop-newest' })
    expect([20, 10, 3, 2].map((characters, id) => job.push(event(id, characters)) === true)).toEqual([
      false,
      true,
      false,
      true,
    ])
    await job.stop({ drain: false })
  })

  it('evicts as many of the oldest as a new row needs, and no more', async () => {
    const job = await pipeline(events, { maxBatch: 1, bufferSize: 50, maxBytes: 100, backpressure: 'drop-oldest' }).run(
      {
        sink: () => new Promise<void>(() => {}),
      },
    )
    for (const id of [0, 1]) job.push(event(id, 0))
    await turn()
    const { delivered } = job.counts()
    for (let id = 2; id < 8; id++) expect(job.push(event(id, 6))).toBe(true)
    const before = job.counts()
    expect(job.push(event(8, 30))).toBe(true)
    expect(job.counts().evicted - before.evicted).toBe(4)
    expect(job.counts().delivered).toBe(delivered)
    expectBalanced(job)
    await job.stop({ drain: false })
  })

  it('lets in a row larger than the bound once nothing else is there', async () => {
    const seen: number[] = []
    const job = await pipeline(events, { maxBytes: 50 }).run({ sink: row => void seen.push(row.id) })
    const sizes = [5, 1_000, 5, 2_000, 3_000]
    for (const [id, characters] of sizes.entries()) expect(await job.push(event(id, characters))).toBe(true)
    expect(await job.pushMany(sizes.map((characters, i) => event(10 + i, characters)))).toBe(true)
    await job.drain()
    expect(seen).toEqual([0, 1, 2, 3, 4, 10, 11, 12, 13, 14])
  })

  it('fails under the strategy unbounded: more slots would not help', async () => {
    const job = await stalled({ maxBytes: HELD + 100, bufferSize: 2, backpressure: 'unbounded' })
    const outcome = job.done.catch(error => error)
    let pushed = 0
    expect(() => {
      for (; pushed < 100; pushed++) job.push(event(pushed, 2))
    }).toThrow(expect.objectContaining({ code: 'BACKPRESSURE' }))
    expect(pushed).toBe(Math.floor(100 / 12))
    expect(await outcome).toMatchObject({ code: 'BACKPRESSURE' })
    expectBalanced(job)
  })

  it('never holds more, keeps the order and counts exactly, whatever comes by whichever way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 12 }),
        fc.constantFrom('block' as const, 'drop-oldest' as const, 'drop-newest' as const),
        fc.array(
          fc.record({
            way: fc.constantFrom('push' as const, 'pushMany' as const, 'pushColumns' as const, 'turn' as const),
            sizes: fc.array(fc.option(fc.nat(40)), { minLength: 1, maxLength: 12 }),
          }),
          { maxLength: 20 },
        ),
        async (maxBytes, bufferSize, backpressure, steps) => {
          const rows: Event[] = []
          const pushed: Event[] = []
          const job = await pipeline(events, { engine: 'js', maxBytes, bufferSize, backpressure, maxBatch: 3 }).run({
            sink: async row => {
              await turn()
              rows.push(row)
            },
          })
          const waiting: unknown[] = []
          for (const { way, sizes } of steps) {
            const some = sizes.map((size, i) => ({
              id: pushed.length + i,
              text: size === null ? null : 'y'.repeat(size),
            }))
            if (way === 'turn') {
              await turn()
              continue
            }
            pushed.push(...some)
            if (way === 'push') for (const one of some) waiting.push(job.push(one))
            else if (way === 'pushMany') waiting.push(job.pushMany(some))
            else waiting.push(job.pushColumns({ id: some.map(one => one.id), text: some.map(one => one.text) }))
            const { queued } = job.counts()
            const largest = Math.max(...pushed.map(bytesOf))
            expect(queued * 8).toBeLessThanOrEqual(Math.max(maxBytes, largest) + 3 * 8)
          }
          await Promise.all(waiting)
          const { evicted, rejectedFull, accepted } = await job.drain()
          expectBalanced(job)
          expect(accepted + rejectedFull).toBe(pushed.length)
          expect(rows.length).toBe(accepted - evicted)
          expect(rows.map(row => row.id)).toEqual([...rows.map(row => row.id)].sort((a, b) => a - b))
          if (backpressure === 'block') expect(rows).toEqual(pushed)
        },
      ),
      { numRuns: 100 },
    )
  })
})
