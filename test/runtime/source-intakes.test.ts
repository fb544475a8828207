import { afterEach, beforeEach, expect, it } from 'vitest'
import { csvSource } from '../../src/connector/byte-source.ts'
import type { Source } from '../../src/connector/source.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const numbers = pipeline(schema({ a: i32() }), { engine: 'js' })

let warnings: Error[]
const onWarning = (warning: Error) => warnings.push(warning)
beforeEach(() => {
  warnings = []
  process.on('warning', onWarning)
})
afterEach(() => void process.off('warning', onWarning))

it('runs forty sources at once without a warning about their listeners', async () => {
  const sources = Array.from({ length: 40 }, (_, i) => csvSource(`a\n${i}\n`))
  const rows: { readonly a: number }[] = []
  const job = await numbers.run({ sources, sink: rows })
  await job.done
  await new Promise(resolve => setTimeout(resolve, 10))
  expect(rows.map(row => row.a).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i))
  expect(warnings).toEqual([])
})

it('runs forty jobs that are stopped by one signal without a warning about their listeners', async () => {
  const stop = new AbortController()
  const jobs = await Promise.all(Array.from({ length: 40 }, () => numbers.run({ sink: [], signal: stop.signal })))
  await jobs[7]!.drain()
  stop.abort()
  await Promise.all(jobs.map(job => job.done))
  await new Promise(resolve => setTimeout(resolve, 10))
  expect(jobs.map(job => job.state)).toEqual(jobs.map(() => 'stopped'))
  expect(warnings).toEqual([])
})

it('aborts every source when the job stops', async () => {
  let stopped = 0
  const waiting = (): Source<never> => ({
    metadata: { name: 'waiting', kind: 'test', replayable: false, bounded: false },
    run: ({ signal }) =>
      new Promise(resolve =>
        signal.addEventListener('abort', () => {
          stopped++
          resolve()
        }),
      ),
  })
  const job = await numbers.run({ sources: [waiting(), waiting(), waiting()], sink: [] })
  expect(stopped).toBe(0)
  await job.stop()
  expect(stopped).toBe(3)
})

it('tells sources that begin after the first event has ended the job that nobody wants theirs', async () => {
  const own = (run: Source<{ a: number }>['run']): Source<{ a: number }> => ({
    metadata: { name: 'own', kind: 'test', replayable: false, bounded: true },
    run,
  })
  let closed = 0
  const first = own(async intake => void (await intake.pushMany([{ a: 1 }])))
  const second = { ...own(async ({ signal }) => void expect(signal.aborted).toBe(true)), close: () => void closed++ }
  const refusing = pipeline(schema({ a: i32() }), { engine: 'js', bufferSize: 1 })
  const sink = () => {
    throw new Error('no more')
  }
  const job = await refusing.run({ sources: [first, second], sink })
  expect(job.state).toBe('failed')
  await expect(job.done).rejects.toMatchObject({ code: 'SINK_FAILED', suppressed: [] })
  expect(closed).toBe(1)
})

it('tells what a source failed on, and beside it what closing it failed on', async () => {
  const source: Source<never> = {
    metadata: { name: 'own', kind: 'test', replayable: false, bounded: true },
    run: () => Promise.reject(new Error('the wire is cut')),
    close: () => Promise.reject(new Error('and gone')),
  }
  const job = await numbers.run({ source, sink: [] })
  await expect(job.done).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
    cause: new Error('the wire is cut'),
    suppressed: [expect.objectContaining({ cause: new Error('and gone') })],
  })
})
