import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const MANIFESTS = ['package.json', 'package-lock.json']
const HERE = import.meta.dirname

/**
 * Where the runtimes and bundlers are, installed from npm when they aren't there yet: 1.3 GB in the user's cache, once
 * per version of the lock file and outside of the repository, whose own `npm ci` stays small.
 */
export async function installRuntimes(): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`The runtimes are binaries for Linux on x64; this is ${process.platform} on ${process.arch}`)
  const texts = await Promise.all(MANIFESTS.map(name => readFile(join(HERE, name))))
  const version = createHash('sha256').update(Buffer.concat(texts)).digest('hex').slice(0, 16)
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'eventflux-runtimes')
  const folder = join(cache, version)
  if (existsSync(folder)) return folder

  await mkdir(cache, { recursive: true })
  const fresh = await mkdtemp(join(cache, 'installing-'))
  try {
    for (const name of MANIFESTS) await cp(join(HERE, name), join(fresh, name))
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: fresh, timeout: 600_000 })
    await rename(fresh, folder)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    // Somebody else was faster.
    if (!existsSync(folder)) throw new Error(`The runtimes can't be installed: ${error}`, { cause: error })
  }
  return folder
}

/** A package among them. */
export async function load<T>(runtimes: string, name: string): Promise<T> {
  const path = createRequire(join(runtimes, 'package.json')).resolve(name)
  const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as { default?: T } & T
  return name.startsWith('@sparticuz/') || name === 'webpack' ? (module.default as T) : module
}
