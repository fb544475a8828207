import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'

/** A workerd process that serves one Worker. */
export class Workerd {
  readonly url: string
  readonly #process: ChildProcess

  private constructor(url: string, process: ChildProcess) {
    this.url = url
    this.#process = process
  }

  /**
   * Serves `worker.js` of a folder, with `plain.wasm` beside it. Its folder `disk`, if there is one, is the service of
   * that name.
   *
   * @param bindings More of the Worker's configuration, in the words of workerd.capnp.
   */
  static async serve(runtimes: string, folder: string, bindings = ''): Promise<Workerd> {
    const config = join(folder, 'config.capnp')
    await mkdir(folder, { recursive: true })
    const path = join(folder, 'disk')
    const disk = existsSync(path) ? `, (name = "disk", disk = (path = ${JSON.stringify(path)}, writable = true))` : ''
    await writeFile(
      config,
      `using Workerd = import "/workerd/workerd.capnp";
       const config :Workerd.Config = (
         services = [(name = "main", worker = .main)${disk}],
         sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
       );
       const main :Workerd.Worker = (
         modules = [
           (name = "worker.js", esModule = embed "worker.js"),
           (name = "plain.wasm", wasm = embed "plain.wasm"),
         ],
         compatibilityDate = "2026-11-01",
         ${bindings}
       );`,
    )
    const process = spawn(join(runtimes, 'node_modules/.bin/workerd'), ['serve', '--control-fd=3', config], {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    })
    let said = ''
    process.stderr!.on('data', text => {
      said += text
    })
    const listening = (async () => {
      for await (const line of createInterface({ input: process.stdio[3] as Readable })) {
        const { event, port } = JSON.parse(line) as { event: string; port: number }
        if (event === 'listen') return port
      }
      throw new Error(`workerd listens nowhere: ${said}`)
    })()
    const port = await listening
    return new Workerd(`http://127.0.0.1:${port}/`, process)
  }

  async post(path: string, body: unknown): Promise<Response> {
    const response = await fetch(new URL(path, this.url), { method: 'POST', body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`workerd answers ${response.status}: ${await response.text()}`)
    return response
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#process.exitCode !== null) return
    this.#process.kill(signal)
    await once(this.#process, 'exit')
  }
}
