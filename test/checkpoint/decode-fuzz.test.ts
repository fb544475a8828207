import { expect, it } from 'vitest'
import { flipBits, fuzzDecode } from '../../bench/soak/fuzz/decode-fuzz.ts'
import { JavaRandom } from '../../examples/nexmark/generator/java-random.ts'
import { f64, pipeline, schema, sum, timestamp, tumbling, utf8 } from '../../src/index.ts'

const generator = new JavaRandom()
generator.seed(2_026)
const random = (): number => generator.double()

it('bytes that are almost a checkpoint are read or refused, with little time and memory', () => {
  const { inputs, read, refused } = fuzzDecode({ inputs: 50_000, random })
  expect(inputs).toBe(50_000)
  // Some of each: neither are all stopped at the door, nor does anything go.
  expect(read).toBeGreaterThan(500)
  expect(refused).toBeGreaterThan(20_000)
})

it('a large checkpoint is refused wherever bits of it are turned over', async () => {
  const job = await pipeline(schema({ time: timestamp(), key: utf8(), value: f64() }))
    .eventTime('time')
    .keyBy('key')
    .window(tumbling('1h'))
    .aggregate(e => ({ sum: sum(e.value) }))
    .run()
  job.pushMany(Array.from({ length: 3_000 }, (_, i) => ({ time: i, key: `key ${i}`, value: i / 7 })))
  const { bytes } = await job.checkpoint()
  await job.stop({ drain: false })
  expect(bytes.length).toBeGreaterThan(100_000)
  expect(flipBits(bytes, { flips: 2_000, random }).refused).toBe(2_000)
})
