import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { load } from '../installed.ts'
import type { Report } from '../report.ts'
import type { SiteBrowser } from './site.ts'

export interface Page {
  goto(url: string): Promise<unknown>
  reload(): Promise<unknown>
  evaluate(expression: string): Promise<unknown>
  close(): Promise<void>
}
interface Browser {
  version(): string
  /** A page that shares nothing with others. */
  newPage(): Promise<Page>
  /** What pages share: storage, channels. */
  newContext(): Promise<{ newPage(): Promise<Page> }>
  close(): Promise<void>
}
/** A browser that keeps what its pages keep. */
export interface ProfiledBrowser {
  newPage(): Promise<Page>
  /** Ends it as a loss of power would end it: at once (SIGKILL). */
  kill(): Promise<void>
  close(): Promise<void>
}

/** What is used of Playwright, which is installed with the runtimes. */
interface BrowserType {
  launch(options: object): Promise<Browser>
  launchPersistentContext(profile: string, options: object): Promise<PersistentContext>
}
interface PersistentContext {
  newPage(): Promise<Page>
  browser(): { newBrowserCDPSession(): Promise<BrowserSession> } | null
  on(event: 'close', listener: () => void): void
  close(): Promise<void>
}
interface BrowserSession {
  send(
    method: 'SystemInfo.getProcessInfo',
  ): Promise<{ readonly processInfo: readonly { readonly type: string; readonly id: number }[] }>
}
interface ChromiumPackage {
  executablePath(): Promise<string>
}

/** The Chromium that comes inside an npm package, as what opens the pages of a site. */
export class ShippedChromium implements SiteBrowser {
  readonly #browser: Browser

  private constructor(browser: Browser) {
    this.#browser = browser
  }

  static launch = async (runtimes: string): Promise<ShippedChromium> => new ShippedChromium(await launch(runtimes))

  version = async (): Promise<string> => this.#browser.version()

  async report(url: string): Promise<Report> {
    const page = await this.#browser.newPage()
    try {
      await page.goto(url)
      return (await page.evaluate('globalThis.report')) as Report
    } finally {
      await page.close()
    }
  }

  close = (): Promise<void> => this.#browser.close()
}

/**
 * Starts the Chromium that comes inside an npm package, with the system's libraries or, where those are missing, with
 * the ones the package has along. @throws what both attempts said.
 */
export const launch = (runtimes: string): Promise<Browser> =>
  started(runtimes, (chromium, options) => chromium.launch(options))

/** Starts it with a profile of its own: what its pages keep is there when it is started again, and can be killed. */
export async function launchWithProfile(runtimes: string, profile: string): Promise<ProfiledBrowser> {
  const context = await started(runtimes, (chromium, options) => chromium.launchPersistentContext(profile, options))
  const session = await context.browser()!.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  const { id } = processInfo.find(({ type }) => type === 'browser')!
  return {
    newPage: () => context.newPage(),
    close: () => context.close(),
    async kill() {
      const closed = new Promise<void>(resolve => context.on('close', () => resolve()))
      process.kill(id, 'SIGKILL')
      await closed
    },
  }
}

async function started<T>(runtimes: string, start: (chromium: BrowserType, options: object) => Promise<T>): Promise<T> {
  const { chromium } = await load<{ chromium: BrowserType }>(runtimes, 'playwright-core')
  const shipped = await load<ChromiumPackage>(runtimes, '@sparticuz/chromium')
  const executablePath = await shipped.executablePath()
  const options = { executablePath, args: ['--no-sandbox', '--disable-gpu'] }
  try {
    return await start(chromium, options)
  } catch (first) {
    const libraries = await shippedLibraries(runtimes, dirname(executablePath))
    return start(chromium, { ...options, env: { ...process.env, LD_LIBRARY_PATH: libraries } }).catch(second => {
      throw new AggregateError(
        [first, second],
        `Chromium doesn't start: ${first}; with libraries of its own: ${second}`,
      )
    })
  }
}

async function shippedLibraries(runtimes: string, into: string): Promise<string> {
  const { inflate } = await load<{ inflate: (path: string) => Promise<string> }>(
    runtimes,
    join(runtimes, 'node_modules/@sparticuz/chromium/build/esm/lambdafs.js'),
  )
  const archive = join(runtimes, 'node_modules/@sparticuz/chromium/bin/al2023.tar.br')
  const folder = join(await inflate(archive), 'lib')
  if (!existsSync(folder)) throw new Error(`${archive} brought no libraries to ${into}`)
  return folder
}
