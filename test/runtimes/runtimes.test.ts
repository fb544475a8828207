import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bounded } from '../bounded.ts'
import { BUNDLERS, bundledPage } from './bundles.ts'
import { counted, expected, inOrder } from './expected.ts'
import { installRuntimes } from './installed.ts'
import { installPacked } from './packed-package.ts'
import type { Place, Report } from './report.ts'
import { type PlaceResult, resultOf, writeResults } from './results.ts'
import { ShippedChromium } from './run-in/chromium.ts'
import { DebianChromium } from './run-in/devtools.ts'
import { edgePlaces, workerdPlace } from './run-in/edge.ts'
import { processes } from './run-in/process.ts'
import { Site } from './run-in/site.ts'
import { measureSizes } from './sizes.ts'

// One program in every runtime the package names, each time the package as it is published. A checkpoint goes along:
// every runtime goes on from that of the one before it.

const runtimes = await installRuntimes()
const { project } = installPacked()
const pages = join(project, 'site')
for (const file of readdirSync(join(import.meta.dirname, 'program')))
  cpSync(join(import.meta.dirname, 'program', file), join(project, file))
for (const bundler of Object.keys(BUNDLERS)) await bundledPage(bundler, runtimes, project, pages)
const site = await Site.serve(pages)
const chromium = await ShippedChromium.launch(runtimes)
const debian = await DebianChromium.launch()

const inPage = { engine: 'wasm', threads: false } as const
const isolated = { engine: 'wasm', threads: true } as const
const PLACES: readonly Place[] = [
  ...processes(runtimes, project),
  workerdPlace(runtimes, project),
  ...edgePlaces(runtimes, project),
  ...bounded(['esbuild'], Object.keys(BUNDLERS)).map(bundler =>
    site.place(chromium, 'open', bundler, { ...inPage, name: `Chromium, bundled by ${bundler}` }),
  ),
  // Here bundles show the scripts of workers, too.
  ...Object.keys(BUNDLERS).map(bundler =>
    site.place(chromium, 'isolated', bundler, { ...isolated, name: `Chromium, isolated, bundled by ${bundler}` }),
  ),
  site.place(chromium, 'strict', 'esbuild', {
    name: 'Chromium, strict CSP',
    engine: 'js',
    because: /unsafe-eval/,
    threads: false,
  }),
  site.place(debian, 'open', 'esbuild', { ...inPage, name: 'Chromium of Debian' }),
  site.place(debian, 'isolated', 'esbuild', { ...isolated, name: 'Chromium of Debian, isolated' }),
]

const { whole, behindTheCut } = expected()
const results: PlaceResult[] = []
let checkpoint: string

beforeAll(async () => {
  // The last one's checkpoint is for the first, so that the chain is a ring.
  checkpoint = (await PLACES.at(-1)!.run({})).checkpoint
})
afterAll(async () => {
  const file = process.env.EVENTFLUX_RUNTIMES_JSON
  if (file) await writeResults(file, results, await measureSizes(runtimes, project))
  await chromium.close()
  await debian.close()
  site.close()
  rmSync(project, { recursive: true, force: true })
})

describe('the model', () => {
  it('has what the program is to show: windows that give their results again, and rows too late for any', () => {
    const windows = new Set(whole.rows.map(({ windowStart, key }) => `${windowStart} ${key}`))
    expect(whole.rows.length).toBeGreaterThan(windows.size)
    expect(whole.late.length).toBeGreaterThan(0)
    expect(behindTheCut.rows.length).toBeGreaterThan(0)
    expect(behindTheCut.rows.length).toBeLessThan(whole.rows.length)
  })
})

describe.each(PLACES)('in $name', place => {
  let report: Report
  beforeAll(async () => {
    report = await place.run({ restore: checkpoint })
    checkpoint = report.checkpoint
    results.push(await resultOf(place, report))
  })

  it('the import works and gives every row of every window, late ones included', () => {
    expect(inOrder(report.rows)).toEqual(inOrder(whole.rows))
    expect(inOrder(report.late)).toEqual(inOrder(whole.late))
  })

  it('an edge of four keeps the latest of twenty while the sink is busy, and counts what gave way', () => {
    const { kept, evicted, delivered, accepted } = report.dropped
    expect(kept.slice(-4)).toEqual([16, 17, 18, 19])
    expect(accepted).toBe(20)
    expect(evicted).toBeGreaterThan(0)
    expect(delivered).toBe(kept.length)
    expect(delivered + evicted).toBe(accepted)
  })

  it('the checkpoint of the runtime before it is gone on from', () => {
    expect(inOrder(report.restored!.rows)).toEqual(inOrder(behindTheCut.rows))
    expect(inOrder(report.restored!.late)).toEqual(inOrder(behindTheCut.late))
  })

  it(`the engine is ${place.engine}`, () => {
    expect(report.engine).toBe(place.engine)
    if (place.because) expect(report.fallbackReason).toMatch(place.because)
    else expect(report.fallbackReason).toBeUndefined()
  })

  it(`threads ${place.threads ? 'share the work' : 'are not used, and it says why'}: the results are the same`, () => {
    const { mode, rows, late } = report.dealt
    expect(mode.kind).toBe(place.threads ? 'shards' : 'thread')
    expect(report.threads).toEqual(place.threads ? { usable: true } : { usable: false, reason: mode.reason })
    expect(inOrder(rows)).toEqual(inOrder(whole.rows))
    expect(inOrder(late)).toEqual(inOrder(whole.late))
  })

  it(`columns that are lent are ${place.threads ? 'read where they stand' : 'copied'}, and returned`, () => {
    const { mode, rows, returned, inPlace } = report.lent
    expect(mode.distribution).toBe(place.threads ? 'batches' : undefined)
    expect(inOrder(rows)).toEqual(inOrder(counted()))
    expect(returned).toBe(true)
    expect(inPlace > 0).toBe(place.threads)
  })
})
