import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { unpackedDebian } from '../../debian-packages.ts'
import type { Report } from '../report.ts'
import type { SiteBrowser } from './site.ts'

// Debian's Chromium over its DevTools protocol, and nothing between: what tests drive browsers with keeps pages visible, awake and
// out of the back/forward cache, and the Chromium that comes in an npm package has no such cache and no tabs.

type Answer = Record<string, unknown>
type Send = (method: string, parameters?: object) => Promise<Answer>

/** A tab, driven from outside. What its page finds out about itself is what the browser tells it. */
export class Tab {
  readonly #id: string
  readonly #send: Send
  readonly #browser: Send

  constructor(id: string, send: Send, browser: Send) {
    this.#id = id
    this.#send = send
    this.#browser = browser
  }

  /** The value of an expression in the page, awaited. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    })
    if (exceptionDetails) throw new Error(`The page says: ${JSON.stringify(exceptionDetails)}`)
    return (result as { value: T }).value
  }

  /** Waits until the expression is true, as seen from outside: timers of the page may stand still. */
  async until(expression: string): Promise<void> {
    for (const giveUp = Date.now() + 20_000; Date.now() < giveUp; await pause(20))
      // Between two pages there is none to ask.
      if (await this.evaluate(expression).catch(() => false)) return
    throw new Error(`Not in 20 s: ${expression}`)
  }

  /** Goes to another address, as a link or the line above does. */
  goto = (url: string): Promise<Answer> => this.#send('Page.navigate', { url })

  /** Goes back, as the button does. */
  async back(): Promise<void> {
    const { currentIndex, entries } = await this.#send('Page.getNavigationHistory')
    const entryId = (entries as { id: number }[])[(currentIndex as number) - 1]!.id
    await this.#send('Page.navigateToHistoryEntry', { entryId })
  }

  reload = (): Promise<Answer> => this.#send('Page.reload')

  /** Comes in front of the others, which are hidden by that. */
  activate = (): Promise<Answer> => this.#browser('Target.activateTarget', { targetId: this.#id })

  /** Stops everything in the page, as the browser does with tabs in the background. */
  freeze = (): Promise<Answer> => this.#send('Page.setWebLifecycleState', { state: 'frozen' })

  unfreeze = (): Promise<Answer> => this.#send('Page.setWebLifecycleState', { state: 'active' })

  close = (): Promise<Answer> => this.#browser('Target.closeTarget', { targetId: this.#id })
}

export class DebianChromium implements SiteBrowser {
  readonly #process: ChildProcess
  readonly #profile: string
  readonly #socket: WebSocket
  readonly #waiting = new Map<
    number,
    { readonly resolve: (answer: Answer) => void; readonly reject: (e: Error) => void }
  >()
  #calls = 0

  private constructor(process: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process
    this.#profile = profile
    this.#socket = socket
    socket.on('message', text => {
      const { id, result, error } = JSON.parse(String(text))
      const call = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error) call?.reject(new Error(error.message))
      else call?.resolve(result)
    })
  }

  static async launch(): Promise<DebianChromium> {
    const { path, environment } = await installed()
    const profile = await mkdtemp(join(tmpdir(), 'eventflux-profile-'))
    const options = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
    ]
    const chromium = spawn(path, [...options, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: environment,
    })
    let said = ''
    const address = await new Promise<string>((resolve, reject) => {
      chromium.stderr.on('data', text => {
        said += text
        const found = /listening on (ws:\S+)/.exec(said)
        if (found) resolve(found[1]!)
      })
      chromium.once('exit', () => reject(new Error(`Chromium doesn't start: ${said}`)))
    })
    const socket = new WebSocket(address)
    await once(socket, 'open')
    return new DebianChromium(chromium, profile, socket)
  }

  async version(): Promise<string> {
    return String((await this.#send('Browser.getVersion')).product).replace(/^.*\//, '')
  }

  /** A new tab, in front of the others. */
  async open(url: string): Promise<Tab> {
    const { targetId } = await this.#send('Target.createTarget', { url })
    const { sessionId } = await this.#send('Target.attachToTarget', { targetId, flatten: true })
    return new Tab(targetId as string, (method, parameters) => this.#send(method, parameters, sessionId), this.#send)
  }

  async report(url: string): Promise<Report> {
    const tab = await this.open(url)
    await tab.until('globalThis.report')
    const report = await tab.evaluate<Report>('globalThis.report')
    await tab.close()
    return report
  }

  async close(): Promise<void> {
    const gone = once(this.#process, 'exit')
    await this.#send('Browser.close')
    await gone
    this.#socket.terminate()
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }

  #send = (method: string, params: object = {}, sessionId?: unknown): Promise<Answer> =>
    new Promise((resolve, reject) => {
      this.#waiting.set(++this.#calls, { resolve, reject })
      this.#socket.send(JSON.stringify({ id: this.#calls, method, params, sessionId }))
    })
}

/** Chromium as it is installed, or Debian's package unpacked, with the libraries that are missing here. */
async function installed(): Promise<{ path: string; environment: NodeJS.ProcessEnv }> {
  if (existsSync('/usr/bin/chromium')) return { path: '/usr/bin/chromium', environment: process.env }
  const root = await unpackedDebian('chromium')
  const libraries = ['lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu', 'usr/lib/x86_64-linux-gnu/pulseaudio']
  return {
    path: join(root, 'usr/lib/chromium/chromium'),
    environment: { ...process.env, LD_LIBRARY_PATH: libraries.map(folder => join(root, folder)).join(':') },
  }
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
