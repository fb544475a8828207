import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { killLoop } from '../../bench/soak/kills/kill-loop.ts'
import { JavaRandom } from '../../examples/nexmark/generator/java-random.ts'
import { bounded } from '../bounded.ts'
import { ROOT } from '../source-files.ts'

const KILLS = bounded(20, 100)
const MOST_MS = bounded(240_000, 900_000)

it('kills at random moments leave the files of an uninterrupted run', { timeout: MOST_MS }, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'eventflux-kills-'))
  const random = new JavaRandom()
  random.seed(2_026)
  try {
    const options = { directory, root: ROOT, kills: KILLS, events: 20_000 }
    const report = await killLoop({ ...options, random: () => random.double() })
    expect(report.kills).toBe(KILLS)
    // Not every kill came before there was anything to lose.
    expect(report.pending).toBeGreaterThan(KILLS / 10)
  } finally {
    await rm(directory, { recursive: true })
  }
})
