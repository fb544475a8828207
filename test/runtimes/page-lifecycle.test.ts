import { cpSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { esbuildBundle } from './bundles.ts'
import { FeedServer } from './feed-server.ts'
import { installRuntimes } from './installed.ts'
import { installPacked } from './packed-package.ts'
import { DebianChromium, type Tab } from './run-in/devtools.ts'

// The life of a page as a browser lives it: tabs in front of others, tabs that are frozen, pages in the back/forward cache, tabs
// that are closed. Nothing of it is simulated; the browser itself tells the page.

const { project } = installPacked()
cpSync(join(import.meta.dirname, 'program/lifecycle.mjs'), join(project, 'lifecycle.mjs'))
const script = join(project, 'site/page.js')
await esbuildBundle(await installRuntimes(), project, { program: 'lifecycle.mjs', into: script })

let server: FeedServer
let browser: DebianChromium
beforeAll(async () => {
  server = await FeedServer.start(readFileSync(script))
  browser = await DebianChromium.launch()
}, 300_000)
afterAll(async () => {
  await browser?.close()
  server?.close()
  rmSync(project, { recursive: true, force: true })
})

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

async function opened(): Promise<Tab> {
  const tab = await browser.open(`${server.url}/start`)
  await tab.until('globalThis.take')
  return tab
}

/** A tab with a job that takes what a source says. */
async function taking(source: string): Promise<Tab> {
  const tab = await opened()
  await tab.evaluate(`take(${JSON.stringify({ source, at: `${server.url}/${source}` })})`)
  await tab.until('rows.length > 20')
  return tab
}

/** How many timers of ten milliseconds, and how many rows, come in a second. */
async function inASecond(tab: Tab): Promise<{ readonly ticks: number; readonly rows: number }> {
  const look = (): Promise<[number, number]> => tab.evaluate('[ticks(), rows.length]')
  const [ticks, rows] = await look()
  await pause(1_000)
  const [ticksThen, rowsThen] = await look()
  return { ticks: ticksThen - ticks, rows: rowsThen - rows }
}

/** Goes to another page, and back to the one that was left. */
async function awayAndBack(tab: Tab, away: () => Promise<unknown>): Promise<void> {
  await tab.goto(`${server.url}/elsewhere`)
  await tab.until('location.pathname === "/elsewhere"')
  await away()
  await tab.back()
  await tab.until('location.pathname === "/start"')
}

describe('a page in the back/forward cache', () => {
  it('is told, and comes back as it was with its job, whose WebSocket was closed meanwhile and is opened again', async () => {
    const tab = await taking('WebSocket')
    const seen = server.seen('WebSocket/ticking')
    await awayAndBack(tab, async () => {
      while (seen.gone === 0) await pause(10)
    })
    await tab.until('life.includes("from the cache")')
    expect(await tab.evaluate('life')).toEqual(['frozen', 'hidden', 'resumed', 'visible', 'from the cache'])
    const before = await tab.evaluate<number>('rows.length')
    await tab.until(`rows.length > ${before + 20}`)
    expect(await tab.evaluate('state()')).toBe('running')
    expect(seen.connections).toBe(2)
    // The server begins from 0 for each that comes.
    expect(await tab.evaluate('rows.filter(n => n === 0).length')).toBe(2)
    await tab.close()
  })

  it.each(['EventSource', 'body'])('keeps the connection of its %s, and misses nothing', async source => {
    const tab = await taking(source)
    await awayAndBack(tab, () => pause(200))
    await tab.until('life.includes("from the cache")')
    const before = await tab.evaluate<number>('rows.length')
    await tab.until(`rows.length > ${before + 20}`)
    expect(await tab.evaluate('state()')).toBe('running')
    expect(await tab.evaluate('rows.every((n, i) => n === i)')).toBe(true)
    await tab.close()
  })
})

describe('a tab behind another one', () => {
  it('is hidden by its browser, which holds its timers back but not its job', async () => {
    const tab = await taking('WebSocket')
    const other = await opened()
    await tab.until('document.visibilityState === "hidden"')
    // Timers that were set before still come.
    await pause(1_000)
    const { ticks, rows } = await inASecond(tab)
    expect(ticks).toBeLessThanOrEqual(5)
    expect(rows).toBeGreaterThan(20)
    expect(await tab.evaluate('life')).toEqual(['hidden'])
    await tab.activate()
    await tab.until('document.visibilityState === "visible"')
    expect(await tab.evaluate('life')).toEqual(['hidden', 'visible'])
    await other.close()
    await tab.close()
  })

  it('does nothing while it is frozen, and goes on when it is not', async () => {
    const tab = await taking('WebSocket')
    const other = await opened()
    await tab.until('document.visibilityState === "hidden"')
    await tab.freeze()
    await tab.until('life.includes("frozen")')
    expect(await inASecond(tab)).toEqual({ ticks: 0, rows: 0 })
    await tab.unfreeze()
    await tab.until('life.includes("resumed")')
    const before = await tab.evaluate<number>('rows.length')
    await tab.until(`rows.length > ${before + 20}`)
    expect(await tab.evaluate('state()')).toBe('running')
    expect(await tab.evaluate('life')).toEqual(['hidden', 'frozen', 'resumed'])
    await other.close()
    await tab.close()
  })

  it.each(['IndexedDB', 'OPFS'])(
    'has time for a checkpoint in %s, which the next page goes on from when it is closed',
    async kind => {
      const keep = (tab: Tab, from: number, to: number, ends: boolean): Promise<boolean> =>
        tab.evaluate(`keep(${JSON.stringify({ kind, name: 'hidden', from, to, ends })})`)
      const tab = await opened()
      expect(await keep(tab, 0, 500, false)).toBe(false)
      const before = await tab.evaluate<object[]>('rows')
      const next = await opened()
      await tab.until('life.includes("kept")')
      await tab.close()
      expect(await keep(next, 500, 1_000, true)).toBe(true)
      expect([...before, ...(await next.evaluate<object[]>('rows'))]).toEqual(seconds(1_000))
      await next.close()
    },
  )
})

/** What the pages count, by the book. */
function seconds(events: number): object[] {
  const windows = new Map<number, { windowStart: number; windowEnd: number; visits: number; spent: number }>()
  for (let i = 0; i < events; i++) {
    const windowStart = Math.floor((i * 70) / 1_000) * 1_000
    const window = windows.get(windowStart) ?? { windowStart, windowEnd: windowStart + 1_000, visits: 0, spent: 0 }
    window.visits++
    window.spent += (i * 37) % 101
    windows.set(windowStart, window)
  }
  return [...windows.values()]
}
