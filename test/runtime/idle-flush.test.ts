import { expect, it } from 'vitest'
import { pipeline } from '../../src/packaged.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

async function start() {
  const clock = new VirtualClock()
  const flushes: number[] = []
  let sent = 0
  const sink = {
    send: () => {
      sent++
    },
    flush: () => {
      flushes.push(sent)
    },
  }
  const job = await pipeline(schema({ x: f64() })).run({ sink, clock })
  return { clock, flushes, job }
}

const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

it('a sink is flushed once when the stream pauses for a second, and again after more rows', async () => {
  const { clock, flushes, job } = await start()
  job.push({ x: 1 })
  await turn()
  clock.advance(900)
  job.push({ x: 2 })
  await turn()
  clock.advance(900)
  expect(flushes).toEqual([])
  clock.advance(1_200)
  await turn()
  expect(flushes).toEqual([2])
  clock.advance(10_000)
  expect(flushes).toEqual([2])
  job.push({ x: 3 })
  await turn()
  clock.advance(1_000)
  await turn()
  expect(flushes).toEqual([2, 3])
  await job.drain()
})

it('a flush that fails ends the job', async () => {
  const clock = new VirtualClock()
  const sink = {
    send() {},
    flush: () => Promise.reject(new Error('disk full')),
  }
  const job = await pipeline(schema({ x: f64() })).run({ sink, clock })
  job.push({ x: 1 })
  await turn()
  clock.advance(1_000)
  await expect(job.done).rejects.toThrow('disk full')
  expect(job.state).toBe('failed')
})

it('a job that has ended flushes no more', async () => {
  const { clock, flushes, job } = await start()
  job.push({ x: 1 })
  await job.drain()
  clock.advance(10_000)
  expect(flushes).toEqual([1])
})
