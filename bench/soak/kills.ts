// npm run soak:kills [-- --kills 1000] [--events 20000] [--seed 1]
//
// Kills processes that run queries of NEXMark with checkpoints and files of exactly once, at random moments, and compares
// what they wrote with what an uninterrupted process wrote. Ends with an error where it differs.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { JavaRandom } from '../../examples/nexmark/generator/java-random.ts'
import { killLoop } from './kills/kill-loop.ts'

const { values: options } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    events: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
  },
})
const random = new JavaRandom()
random.seed(Number(options.seed))
const directory = await mkdtemp(join(tmpdir(), 'eventflux-kills-'))
const report = await killLoop({
  directory,
  root: fileURLToPath(new URL('../..', import.meta.url)),
  kills: Number(options.kills),
  events: Number(options.events),
  random: () => random.double(),
  // All of it each time: a loop that has to be ended early has told what it found.
  onRound: report => console.log(JSON.stringify(report)),
})
console.log(report)
await rm(directory, { recursive: true })
