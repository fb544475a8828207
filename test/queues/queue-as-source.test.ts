import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { pipeline } from '../../src/packaged.ts'
import { SharedEventQueue } from '../../src/queues/shared-event-queue.ts'
import { EventQueue } from '../../src/runtime/event-queue.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const numbers = schema({ n: f64() })

describe('a queue as a source', () => {
  it('gives what is pushed until it is closed', async () => {
    const queue = new EventQueue<{ n: number }>(2)
    const rows: { n: number }[] = []
    const job = await pipeline(numbers).run({ source: queue, sink: rows })
    for (let n = 0; n < 10; n++) expect(await queue.push({ n })).toBe(true)
    queue.close()
    await job.done
    expect(rows.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('lets a source run on another thread, which waits while the job does', async () => {
    const queue = SharedEventQueue.rows(numbers, { capacity: 4, kind: 'spsc' })
    const program = `
      import { parentPort, workerData } from 'node:worker_threads'
      import { SharedEventQueue } from ${JSON.stringify(new URL('../../dist/queues/index.js', import.meta.url).href)}
      const queue = SharedEventQueue.attach(workerData)
      for (let n = 0; n < 1_000; n++) queue.pushSync({ n })
      queue.close()
    `
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), {
      workerData: queue.share(),
    })
    const ended = new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
    let next = 0
    const job = await pipeline(numbers, { bufferSize: 8 }).run({
      source: queue,
      sink: async ({ n }) => {
        expect(n).toBe(next++)
        if (n % 100 === 0) await new Promise(resolve => setTimeout(resolve, 2))
      },
    })
    await job.done
    await ended
    expect(next).toBe(1_000)
  })
})
