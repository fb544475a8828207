import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Unpacks a package of Debian in the user's cache, with what it depends on and this machine lacks, once; nothing is installed.
 *
 * @returns The folder that stands for `/`.
 */
export async function unpackedDebian(name: string): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), `eventflux-${name}`)
  if (existsSync(cache)) return cache
  await mkdir(join(cache, '..'), { recursive: true })
  const fresh = await mkdtemp(`${cache}-`)
  try {
    await download(name, fresh).catch(async () => {
      // A new machine has no lists of packages yet.
      await run('apt-get', ['update'])
      await download(name, fresh)
    })
    for (const file of await readdir(fresh)) {
      await run('dpkg', ['-x', join(fresh, file), fresh])
      await rm(join(fresh, file))
    }
    await rename(fresh, cache)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    // Somebody else was faster.
    if (!existsSync(cache)) throw error
  }
  return cache
}

async function download(name: string, into: string): Promise<void> {
  const { stdout } = await run('apt-get', ['install', '--simulate', '--no-install-recommends', name])
  const missing = [...stdout.matchAll(/^Inst (\S+)/gm)].map(([, found]) => found!)
  await run('apt-get', ['download', ...missing], { cwd: into })
}
