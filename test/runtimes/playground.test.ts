import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bounded } from '../bounded.ts'
import { ROOT } from '../source-files.ts'
import { installRuntimes } from './installed.ts'
import { launch } from './run-in/chromium.ts'

// The playground as a person meets it: served by `npm run playground`, clicked in Chromium. What it looked like stays, of
// `npm run test:full`, in build/playground-screenshots. What runs is dist/, which `npm test` builds first.

const SCREENSHOTS = join(ROOT, 'build/playground-screenshots')
const TIMEOUT_MS = 60_000

/** What is used of Playwright, which is installed with the runtimes. */
interface Locator {
  click(): Promise<void>
  check(): Promise<void>
  fill(text: string): Promise<void>
  focus(): Promise<void>
  count(): Promise<number>
  press(key: string): Promise<void>
  selectOption(value: string): Promise<unknown>
  textContent(): Promise<string | null>
  allTextContents(): Promise<string[]>
  getAttribute(name: string): Promise<string | null>
}
interface Page {
  readonly keyboard: { press(key: string): Promise<void> }
  goto(url: string): Promise<unknown>
  close(): Promise<void>
  on(event: 'pageerror', listener: (error: Error) => void): void
  evaluate<T>(expression: string): Promise<T>
  emulateMedia(options: { readonly colorScheme: 'light' | 'dark' }): Promise<void>
  waitForFunction(expression: string, argument: undefined, options: { readonly timeout: number }): Promise<unknown>
  getByRole(role: string, options?: { readonly name?: string | RegExp }): Locator
  getByLabel(name: string | RegExp): Locator
  locator(selector: string): Locator
  screenshot(options: { readonly path: string; readonly fullPage: boolean }): Promise<unknown>
}
interface Browser {
  newPage(options: object): Promise<Page>
  close(): Promise<void>
}

const TEXTS = [
  ['--ink', '--paper'],
  ['--ink', '--card'],
  ['--quiet', '--paper'],
  ['--quiet', '--card'],
  ['--on-accent', '--accent'],
] as const
const SHAPES = [
  ['--edge', '--card'],
  ['--accent', '--card'],
  ['--first', '--card'],
  ['--second', '--card'],
  ['--third', '--card'],
  ['--fourth', '--card'],
] as const

/** The contrast of two colours, as WCAG defines it. */
function contrast(a: string, b: string): number {
  const luminance = (color: string): number => {
    const [red, green, blue] = [1, 3, 5].map(at => {
      const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
  }
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (lighter! + 0.05) / (darker! + 0.05)
}

let server: ViteDevServer
let browser: Browser
let url: string
const errors: string[] = []

beforeAll(async () => {
  const configFile = join(ROOT, 'examples/playground/vite.config.ts')
  server = await createServer({ configFile, logLevel: 'error', server: { port: 0, host: '127.0.0.1' } })
  await server.listen()
  url = server.resolvedUrls!.local[0]!
  browser = (await launch(await installRuntimes())) as unknown as Browser
  if (arePicturesTaken) mkdirSync(SCREENSHOTS, { recursive: true })
}, 120_000)
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

async function opened(options: object = {}): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1000 }, locale: 'en-US', ...options })
  page.on('pageerror', error => errors.push(error.message))
  await page.goto(url)
  return page
}

const until = (page: Page, condition: string): Promise<unknown> =>
  page.waitForFunction(condition, undefined, { timeout: TIMEOUT_MS })
const saysStatus = (page: Page, text: string): Promise<unknown> =>
  until(page, `document.querySelector('#status').textContent.includes(${JSON.stringify(text)})`)
const tile = (name: string): string =>
  `[...document.querySelectorAll('dt')].find(term => term.textContent === '${name}')?.nextElementSibling.textContent`
const hasResults = (page: Page): Promise<unknown> =>
  until(page, `document.querySelectorAll('#results td').length > 0 && !['0', undefined].includes(${tile('Events/s')})`)

/** Pictures are for people, of whom nobody looks at those of each run. */
const arePicturesTaken = bounded(false, true)
/** A picture of the page once its charts are of some seconds: before, it would show little. */
async function pictured(page: Page, name: string): Promise<void> {
  if (!arePicturesTaken) return
  await until(page, `Number(${tile('Results so far')}?.replace('K', 'e3')) >= 800`)
  await page.evaluate('scrollTo(0, 0)')
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true })
}

describe('the playground', () => {
  it('runs as soon as it is open, shows windows and figures, and writes nothing anew that is as it was', async () => {
    const page = await opened()
    await saysStatus(page, 'Running on WebAssembly, one thread')
    await hasResults(page)
    const names = await page.locator('#results th').allTextContents()
    expect(names).toEqual(['windowStart', 'windowEnd', 'symbol', 'trades', 'high', 'vwap'])
    // Those who read the page by ear would be told of it.
    await page.evaluate('void (window.tile = document.querySelector("#tiles dd"))')
    await page.evaluate('new Promise(resolve => setTimeout(resolve, 600))')
    expect(await page.evaluate('window.tile.isConnected')).toBe(true)
    expect(await page.evaluate('document.querySelectorAll("[aria-pressed]").length')).toBe(0)
    await pictured(page, 'light')
    await page.close()
  })

  it('changes engine, query, workers and strategy while it runs', async () => {
    const page = await opened()
    await hasResults(page)
    await page.getByRole('radio', { name: 'JavaScript' }).check()
    await saysStatus(page, 'Running on JavaScript, one thread')
    await page.getByRole('radio', { name: 'WebAssembly' }).check()
    await page.getByLabel('Query').selectOption('top')
    await until(
      page,
      `document.querySelectorAll('#results th').length === 4 && document.querySelectorAll('#results td').length > 0`,
    )
    await page.getByLabel('Query').selectOption('volume')
    await page.getByLabel('Workers').selectOption('2')
    await saysStatus(page, 'Running on WebAssembly, 2 workers, by batches')
    await hasResults(page)
    await page.getByLabel('Query').selectOption('sessions')
    await saysStatus(page, 'Running on WebAssembly, 2 workers, by keys')
    await page.getByLabel('Query').selectOption('volume')
    await page.getByLabel('Workers').selectOption('0')
    await page.getByLabel('When the queue is full').selectOption('drop-oldest')
    await page.getByLabel('Reader of the results').selectOption('250')
    await page.getByLabel(/^Rate/).fill('6.4')
    await until(page, `!['0', undefined].includes(${tile('Lost so far')})`)
    await pictured(page, 'dropping')
    await page.close()
  })

  describe('on a phone', () => {
    let page: Page
    beforeAll(async () => {
      page = await opened({ viewport: { width: 390, height: 844 } })
      await hasResults(page)
    })
    afterAll(() => page.close())

    it('is reached by the tabulator from top to bottom, results that are wider too', async () => {
      const focused: string[] = []
      const names = ['skip', 'query', 'rate', 'strategy', 'reader', 'engine', 'workers', 'run', 'scroll', 'benchmark']
      for (const _ of names) {
        await page.keyboard.press('Tab')
        focused.push(
          await page.evaluate(
            'document.activeElement.id || document.activeElement.name || document.activeElement.className',
          ),
        )
      }
      expect(focused).toEqual(names)
    })

    it.each(['light', 'dark'] as const)('fits, and has enough contrast, in its %s colours', async colorScheme => {
      await page.emulateMedia({ colorScheme })
      const colors = await page.evaluate<Record<string, string>>(
        `Object.fromEntries(${JSON.stringify([...TEXTS, ...SHAPES].flat())}.map(name =>
          [name, getComputedStyle(document.documentElement).getPropertyValue(name).trim()]))`,
      )
      expect(contrast(colors['--ink']!, '#000000') < contrast(colors['--paper']!, '#000000')).toBe(
        colorScheme === 'light',
      )
      const tooLow = (pairs: readonly (readonly [string, string])[], least: number) =>
        pairs.filter(([a, b]) => contrast(colors[a]!, colors[b]!) < least)
      // What WCAG 2.2 AA asks of text, and of the edges of controls and the lines of pictures.
      expect(tooLow(TEXTS, 4.5)).toEqual([])
      expect(tooLow(SHAPES, 3)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
      expect(
        await page.evaluate('(rows => rows.scrollWidth - rows.clientWidth)(document.querySelector(".scroll"))'),
      ).toBe(0)
      await pictured(page, `phone-${colorScheme}`)
    })
  })

  it('is worked by the keyboard, and has a name for every control and picture', async () => {
    const page = await opened()
    await saysStatus(page, 'Running')
    await page.getByRole('button', { name: 'Stop' }).focus()
    await page.getByRole('button', { name: 'Stop' }).press('Space')
    await saysStatus(page, 'Stopped')
    await page.getByRole('button', { name: 'Start' }).press('Enter')
    await saysStatus(page, 'Running')
    const rate = page.getByRole('slider', { name: /^Rate/ })
    await rate.press('ArrowRight')
    expect(await rate.getAttribute('aria-valuetext')).toMatch(/^126K events a second$/)
    for (const name of ['Query', 'When the queue is full', 'Reader of the results', 'Workers'])
      expect([name, await page.getByRole('combobox', { name }).count()]).toEqual([name, 1])
    for (const name of [/^Throughput, events\/s: offered/, /^Queue depth/, /^Lost or held back/, /^Latency/, /^Memory/])
      await until(
        page,
        `[...document.querySelectorAll('[role=img]')].some(i => ${name}.test(i.getAttribute('aria-label')))`,
      )
    expect(await page.getByRole('table', { name: 'Latest results' }).count()).toBe(1)
    await page.close()
  })

  it('compares the engines, shows bars and ratios, and goes on', async () => {
    const page = await opened({ colorScheme: 'dark' })
    await saysStatus(page, 'Running')
    await page.getByRole('button', { name: 'Benchmark' }).click()
    await until(page, `/as fast as JavaScript|failed/.test(document.querySelector('#benchmark-status').textContent)`)
    expect(await page.locator('#benchmark-status').textContent()).toMatch(/^WebAssembly is \d+\.\d\d× as fast/)
    const ratios = await page.locator('#bars strong').allTextContents()
    expect(ratios).toHaveLength(4)
    for (const ratio of ratios) expect(ratio).toMatch(/^\d+\.\d\d×$/)
    expect(await page.locator('#bars .bar').count()).toBe(8)
    await saysStatus(page, 'Running')
    await hasResults(page)
    await pictured(page, 'dark')
    await page.close()
  })

  it('threw nothing meanwhile', () => {
    expect(errors).toEqual([])
  })
})
