import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bounded } from '../bounded.ts'
import { esbuildBundle } from './bundles.ts'
import { installRuntimes } from './installed.ts'
import { installPacked } from './packed-package.ts'
import { launchWithProfile, type Page, type ProfiledBrowser } from './run-in/chromium.ts'

// Checkpoints in a browser: what every store must do, in pages and in their workers; several tabs; and jobs whose page is
// reloaded, whose tab crashes, whose browser is killed.

const runtimes = await installRuntimes()
const { project } = installPacked()

interface ReportedRow {
  readonly epoch: number
  /** The store of the job that gave it. */
  readonly name: string
  readonly number: number
  readonly row: object
}

let profile: string
let browser: ProfiledBrowser
let server: Server
let reported: ReportedRow[] = []
let told = (): void => {}

beforeAll(async () => {
  await cp(join(import.meta.dirname, 'program/stores.mjs'), join(project, 'stores.mjs'))
  const script = join(project, 'site/page.js')
  await esbuildBundle(runtimes, project, { program: 'stores.mjs', into: script })
  const page = await readFile(script)
  server = createServer(async (request, response) => {
    if (request.method === 'POST') {
      reported.push(JSON.parse(await text(request)))
      told()
      response.writeHead(204).end()
    } else if (request.url === '/page.js') response.writeHead(200, { 'content-type': 'text/javascript' }).end(page)
    else
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>stores</title><script type="module" src="page.js"></script>')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  profile = await mkdtemp(join(tmpdir(), 'eventflux-profile-'))
  browser = await launchWithProfile(runtimes, profile)
})
afterAll(async () => {
  await browser?.close()
  server?.close()
  await rm(profile, { recursive: true, force: true })
  await rm(project, { recursive: true, force: true })
})

async function opened(): Promise<Page> {
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return page
}
const call = (page: Page, argument: object): Promise<unknown> => page.evaluate(`stores(${JSON.stringify(argument)})`)

const STORES: readonly (readonly ['IndexedDB' | 'OPFS', 'page' | 'worker'])[] = [
  ['IndexedDB', 'page'],
  ['IndexedDB', 'worker'],
  ['OPFS', 'page'],
  ['OPFS', 'worker'],
]
/** Each store and each place once, one way and the other. */
const [ONE_OF_EACH, THE_OTHERS] = [
  [STORES[0]!, STORES[3]!],
  [STORES[1]!, STORES[2]!],
]

describe('checkpoints', () => {
  it.each(STORES)('in %s, of a %s, are kept as every store must keep them', async (kind, place) => {
    const page = await opened()
    const results = (await call(page, { place, act: 'conformance', kind })) as [string, string | null][]
    expect(results.map(([name]) => name)).toContain('lets one of two writers win that put the same id at once')
    expect(results.filter(([, failure]) => failure !== null)).toEqual([])
    await page.close()
  })

  it.each(bounded(THE_OTHERS, STORES))(
    'in %s, of a %s, let one of three tabs win that put the same id at once, and all see what it put',
    async (kind, place) => {
      const tabs = await Promise.all([opened(), opened(), opened()])
      const name = `three tabs of ${place}s`
      const ids = Array.from({ length: bounded(8, 20) }, (_, i) => i + 1)
      for (const id of ids) {
        const answers = await Promise.all(
          tabs.map((tab, value) => call(tab, { place, act: 'put', kind, name, id, value })),
        )
        expect([...answers].sort()).toEqual(['CHECKPOINT_CONFLICT', 'CHECKPOINT_CONFLICT', 'put'])
        for (const tab of tabs) {
          const bytes = (await call(tab, { place, act: 'get', kind, name, id })) as number[]
          expect(bytes.at(-1)).toBe(answers.indexOf('put'))
        }
      }
      expect(await call(tabs[2]!, { place, act: 'list', kind, name })).toEqual(ids)
      for (const tab of tabs) await tab.close()
    },
  )

  it.each(bounded(ONE_OF_EACH, STORES))(
    'in %s, of a %s, let a job go on whose page is reloaded, whose tab crashes, whose browser is killed',
    async (kind, place) => {
      const name = `killed ${place}`
      const events = Array.from({ length: bounded(2_400, 4_000) }, (_, i) => ({
        time: i * 25,
        user: `u${(i * 31) % 7}`,
        spent: (i * 37) % 101,
      }))
      reported = []
      const job = (page: Page): Promise<unknown> => call(page, { place, act: 'job', kind, name, events })
      const rows = (count: number): Promise<void> =>
        new Promise(resolve => {
          told = () => {
            if (reported.length >= count) resolve()
          }
          told()
        })
      /** Behind how many rows each of the pages began. */
      const begun: number[] = []
      const interrupted = async (page: Page, end: () => Promise<unknown>): Promise<void> => {
        const before = reported.length
        const ending = job(page).catch(() => 'interrupted')
        await rows(before + 60)
        await end()
        expect(await ending).toBe('interrupted')
        begun.push(reported[before]!.number)
      }

      let page = await opened()
      await interrupted(page, () => page.reload())
      await interrupted(page, () => page.goto('chrome://crash').catch(() => {}))
      await page.close()
      page = await opened()
      await interrupted(page, () => browser.kill())
      browser = await launchWithProfile(runtimes, profile)
      page = await opened()
      const before = reported.length
      expect(await job(page)).toBe('done')
      begun.push(reported[before]!.number)
      await page.close()

      const expected = windowsOf(events)
      const byNumber = new Map<number, object>()
      for (const { number, row } of reported) {
        // Nothing but their own order says where rows come.
        expect(reported.filter(({ epoch }) => epoch !== 0)).toEqual([])
        // A row that comes again is the same row.
        expect(byNumber.get(number) ?? row).toEqual(row)
        byNumber.set(number, row)
      }
      expect([...byNumber.keys()].sort((a, b) => a - b)).toEqual(expected.map((_, i) => i))
      expect(inOrder([...byNumber.values()])).toEqual(inOrder(expected))
      expect(begun[0]).toBe(0)
      // A page may end before it has another checkpoint; none goes back behind one there is.
      for (let i = 1; i < begun.length; i++) expect(begun[i]).toBeGreaterThanOrEqual(begun[i - 1]!)
      expect(begun.at(-1)).toBeGreaterThan(0)
    },
  )

  it.each(bounded(THE_OTHERS, STORES))(
    'in %s, of a %s, are not for two jobs at once: the one that comes second to a checkpoint ends',
    async (kind, place) => {
      const tabs = await Promise.all([opened(), opened()])
      const name = `two jobs of ${place}s`
      const events = Array.from({ length: 1_000 }, (_, i) => ({ time: i * 25, user: `u${i % 7}`, spent: 1 }))
      const ends = await Promise.all(tabs.map(tab => call(tab, { place, act: 'job', kind, name, events })))
      expect([...ends].sort()).toEqual(['CHECKPOINT_CONFLICT', 'done'])
      for (const tab of tabs) await tab.close()
    },
  )
})

describe('checkpoints in IndexedDB', () => {
  it('may be deleted while a job has them open, and begin anew', async () => {
    const page = await opened()
    const put = { act: 'put', kind: 'IndexedDB', name: 'deleted', id: 1, value: 1 }
    await call(page, { ...put, act: 'hold' })
    expect(await call(page, { act: 'forget', name: 'deleted' })).toBe('deleted')
    expect(await call(page, { ...put, act: 'held' })).toEqual([])
    expect(await call(page, put)).toBe('put')
    await page.close()
  })
})

describe('checkpoints in OPFS', () => {
  it.each(['page', 'worker'])(
    'are not there when their writer died in the middle, and the next one of a %s tidies up',
    async place => {
      const page = await opened()
      const name = `torn-${place}`
      const store = { place, kind: 'OPFS', name }
      expect(await call(page, { ...store, act: 'put', id: 1, value: 7 })).toBe('put')
      for (const [file, bytes] of [
        ['checkpoint-2-100.efckp', []],
        ['checkpoint-3-100.efckp', [1, 2, 3]],
        ['notes.txt', [1]],
      ])
        await call(page, { act: 'tear', name, file, bytes })
      expect(await call(page, { ...store, act: 'list' })).toEqual([1])
      expect(await call(page, { ...store, act: 'get', id: 3 })).toEqual([])
      expect(await call(page, { ...store, act: 'put', id: 3, value: 9 })).toBe('put')
      expect(await call(page, { ...store, act: 'list' })).toEqual([1, 3])
      const files = (await call(page, { act: 'files', name })) as string[]
      expect(files.sort().map(file => file.replace(/-\d+\.efckp$/, ''))).toEqual([
        'checkpoint-1',
        'checkpoint-3',
        'notes.txt',
      ])
      await page.close()
    },
  )
})

/** Visits and what was spent, per user and second. */
function windowsOf(events: readonly { time: number; user: string; spent: number }[]): object[] {
  const windows = new Map<
    string,
    { windowStart: number; windowEnd: number; user: string; visits: number; spent: number }
  >()
  for (const { time, user, spent } of events) {
    const windowStart = Math.floor(time / 1_000) * 1_000
    const key = `${windowStart} ${user}`
    const window = windows.get(key) ?? { windowStart, windowEnd: windowStart + 1_000, user, visits: 0, spent: 0 }
    windows.set(key, { ...window, visits: window.visits + 1, spent: window.spent + spent })
  }
  return [...windows.values()]
}

const inOrder = (rows: readonly object[]): string[] => rows.map(row => JSON.stringify(row)).sort()
