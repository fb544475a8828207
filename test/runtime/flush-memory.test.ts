import { expect, it } from 'vitest'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const FLUSHES = 20_000

it('A flush leaves nothing behind, however many there are', async () => {
  const job = await pipeline(schema({ n: i32() })).run({ onBatch: () => {} })
  const heapAfter = async (flushes: number): Promise<number> => {
    for (let n = 0; n < flushes; n++) {
      job.push({ n })
      await job.flush()
    }
    globalThis.gc?.()
    return process.memoryUsage().heapUsed
  }
  const before = await heapAfter(1_000)
  const grown = (await heapAfter(FLUSHES)) - before
  expect(grown / FLUSHES).toBeLessThan(20)
  await job.drain()
})
