import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Job, PipelineConfig } from '../../src/index.ts'
import { ColumnWriter } from '../../src/memory/column-writer.ts'
import { sorted } from './events.ts'
import { plan } from './readings.ts'

const BLOCK = 64
const names = Array.from({ length: 12 }, (_, i) => `name ${i}`)

/** Rows out of order, some late; in some blocks something that can't be copied whole. */
function blockAt(block: number) {
  const at = (i: number) => block * BLOCK + i
  const from = <T>(values: T, value: (i: number) => number | bigint): T =>
    (values as unknown as number[]).map((_, i) => value(at(i)) as number) as unknown as T
  const time = from(new Float64Array(BLOCK), i => 1e12 + i * 9 + ((i * 7_919) % 400) - (i % 97 === 0 ? 3_000 : 0))
  // A time that is none, and a position without a text.
  if (block % 10 === 3) time[5] = Number.NaN
  const codes = from(new Int32Array(BLOCK), i => (i * 31) % names.length)
  if (block % 10 === 5) codes[63] = 99
  const dictionary = block % 10 === 7 ? [...names, `new ${block}`] : names
  if (block % 10 === 7) codes[0] = names.length
  const x = from(new Float64Array(BLOCK), i => ((i * 37) % 101) / 4)
  return {
    time,
    name: block % 10 === 8 ? Array.from(codes, code => names[code]!) : { codes, dictionary },
    n: from(new Int16Array(BLOCK), i => (i * 13) % 50),
    x: block % 10 === 9 ? { values: x, valid: new Uint8Array(BLOCK / 8).fill(0b1010_1101) } : x,
    big: from(new BigInt64Array(BLOCK), i => BigInt(i % 12) - 5n),
  }
}

interface Outcome {
  readonly out: string[]
  readonly counts: object
  readonly taken: number
}

async function run(
  options: object,
  config: PipelineConfig,
  blocks: number,
  cuts: readonly number[] = [],
): Promise<Outcome> {
  const out: object[] = []
  const asked = { errors: { source: 'skip' }, sink: (row: object) => void out.push(row), ...options }
  const start = (restore?: Uint8Array): Promise<Job<never, unknown>> =>
    plan(config).run({ ...asked, ...(restore && { restore }) } as never) as never
  const written = vi.spyOn(ColumnWriter.prototype, 'writeElsewhere')
  let job = await start()
  for (let block = 0; block < blocks; block++) {
    if (cuts.includes(block)) {
      const { bytes } = await job.checkpoint()
      await job.stop({ drain: false })
      job = await start(bytes)
    }
    const given = blockAt(block)
    await job.pushColumns(given)
    // What was given may be used for something else once it is in.
    given.time.fill(0)
    given.n.fill(0)
    given.big.fill(0n)
    if (block % 16 === 15) await job.flush()
  }
  await job.drain()
  const taken = written.mock.results.filter(({ value }) => value === true).length
  written.mockRestore()
  return { out: sorted(out), counts: job.counts(), taken }
}

afterEach(() => void vi.restoreAllMocks())

describe('columns written into the frames workers work on', () => {
  let one: Outcome
  beforeAll(async () => {
    one = await run({}, { engine: 'js' }, 100)
    expect(one.out.length).toBeGreaterThan(100)
    expect(one.taken).toBe(0)
  })

  it.each([
    { workers: 1, maxBatch: 64 },
    { workers: 2, maxBatch: 64 },
    { workers: 3, maxBatch: 32 },
    { workers: 2, maxBatch: 100 },
  ])('give what they give by way of the ring: %o', async ({ workers, maxBatch }) => {
    const many = await run({ workers }, { engine: 'wasm', maxBatch }, 100)
    expect(many.taken).toBeGreaterThan(20)
    expect(many.out).toEqual(one.out)
    expect(many.counts).toEqual(one.counts)
  })

  it('go the way of all rows where there is no memory to share, and where the time of each row is measured', async () => {
    const one = await run({}, { engine: 'js' }, 40)
    for (const config of [{ engine: 'js' }, { metrics: 'detailed' }] as const) {
      const many = await run({ workers: 2 }, { ...config, maxBatch: 64 }, 40)
      expect(many).toEqual({ ...one, taken: 0 })
    }
  })

  it('are in the checkpoint they came before, and not in the one they came behind', async () => {
    const one = await run({}, { engine: 'js' }, 60)
    const many = await run({ workers: 2 }, { engine: 'wasm', maxBatch: 64 }, 60, [1, 20, 45])
    expect(many.taken).toBeGreaterThan(10)
    expect(many.out).toEqual(one.out)
  })
})
