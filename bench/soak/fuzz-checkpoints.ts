// npm run fuzz:checkpoints [-- --inputs 10000000] [--flips 1000000] [--seed 1]
//
// Has byte strings read that are almost checkpoints, and a large checkpoint with bits turned over: each has to be read or end
// in one typed error, in time, with no more memory than twice its bytes; none with a bit turned over may be read.

import { parseArgs } from 'node:util'
import { memoryStore } from 'eventflux'
import { JavaRandom } from '../../examples/nexmark/generator/java-random.ts'
import { KeyedJob } from '../checkpoints/keyed-job.ts'
import { flipBits, fuzzDecode } from './fuzz/decode-fuzz.ts'

/** Keys of the large checkpoint: 350 KB of records and texts. */
const KEYS = 5_000

const { values: options } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000000' },
    flips: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
})
const generator = new JavaRandom()
generator.seed(Number(options.seed))
const random = (): number => generator.double()

console.log(fuzzDecode({ inputs: Number(options.inputs), random }))
const job = await KeyedJob.start('texts', KEYS, { store: memoryStore() })
const { bytes } = await job.checkpoint()
await job.end()
console.log(`a checkpoint of ${bytes.length} bytes`, flipBits(bytes, { flips: Number(options.flips), random }))
