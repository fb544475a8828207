import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { FINDS_NO_WORKER } from '../bundles.ts'
import type { Place, Report } from '../report.ts'

/** A browser, as far as it opens pages that report. */
export interface SiteBrowser {
  version(): Promise<string>
  /** Opens a page, and gives what it reports. */
  report(url: string): Promise<Report>
  close(): Promise<void>
}

/** The headers a page is served with. */
const PAGES = {
  isolated: {
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'require-corp',
  },
  open: {},
  strict: { 'content-security-policy': "default-src 'self'; script-src 'self'" },
} as const
type PageKind = keyof typeof PAGES

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' }

/** Pages that browsers open: folder KIND/BUNDLE/ is the bundle's page with the headers of that kind. */
export class Site {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  static async serve(folder: string): Promise<Site> {
    const server = createServer(async (request, response) => {
      const [, kind, bundle, ...path] = request.url!.split('/')
      const name = path.join('/') || 'index.html'
      try {
        const body = await readFile(join(folder, bundle!, name))
        response.writeHead(200, { 'content-type': TYPES[extname(name)], ...PAGES[kind as PageKind] }).end(body)
      } catch {
        response.writeHead(404).end()
      }
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    return new Site(server)
  }

  /** A page in a browser, as a place. */
  place(browser: SiteBrowser, kind: PageKind, bundle: string, rest: Omit<Place, 'version' | 'run'>): Place {
    const { port } = this.#server.address() as AddressInfo
    const script = FINDS_NO_WORKER.includes(bundle) ? { script: 'worker.js' } : {}
    return {
      ...rest,
      version: () => browser.version(),
      run: input => {
        const given = encodeURIComponent(JSON.stringify({ ...input, ...script }))
        return browser.report(`http://127.0.0.1:${port}/${kind}/${bundle}/#${given}`)
      },
    }
  }

  close(): void {
    this.#server.close()
  }
}
