import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, extname, join } from 'node:path'
import { FINDS_NO_WORKER } from '../bundles.ts'
import { load } from '../installed.ts'
import type { Input, Place, Report } from '../report.ts'

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
interface ShippedChromium {
  executablePath(): Promise<string>
}

/** The headers a page is served with. */
export const PAGES = {
  isolated: {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  },
  open: {},
  strict: { 'content-security-policy': "default-src 'self'; script-src 'self'" },
} as const
export type PageKind = keyof typeof PAGES

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

/** A browser and a site it opens: folder KIND/BUNDLE/ is the bundle's page with the headers of that kind. */
export class Chromium {
  readonly #browser: Browser
  readonly #server: Server

  private constructor(browser: Browser, server: Server) {
    this.#browser = browser
    this.#server = server
  }

  static async launch(runtimes: string, site: string): Promise<Chromium> {
    const browser = await launch(runtimes)
    const server = createServer(async (request, response) => {
      const [, kind, bundle, ...path] = request.url!.split('/')
      const name = path.join('/') || 'index.html'
      try {
        const body = await readFile(join(site, bundle!, name))
        response.writeHead(200, { 'content-type': TYPES[extname(name)], ...PAGES[kind as PageKind] }).end(body)
      } catch {
        response.writeHead(404).end()
      }
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new Chromium(browser, server)
  }

  /** A page as a place. */
  place(name: string, kind: PageKind, bundle: string, rest: Omit<Place, 'name' | 'version' | 'run'>): Place {
    return {
      ...rest,
      name,
      version: async () => this.#browser.version(),
      run: input =>
        this.#open(kind, bundle, FINDS_NO_WORKER.includes(bundle) ? { ...input, script: 'worker.js' } : input),
    }
  }

  async #open(kind: PageKind, bundle: string, input: Input): Promise<Report> {
    const { port } = this.#server.address() as AddressInfo
    const page = await this.#browser.newPage()
    try {
      await page.goto(`http://127.0.0.1:${port}/${kind}/${bundle}/#${encodeURIComponent(JSON.stringify(input))}`)
      return (await page.evaluate('globalThis.report')) as Report
    } finally {
      await page.close()
    }
  }

  async close(): Promise<void> {
    await this.#browser.close()
    this.#server.close()
  }
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
  const shipped = await load<ShippedChromium>(runtimes, '@sparticuz/chromium')
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
