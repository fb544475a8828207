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
      await updateLists()
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

/** Two test files may want them at once, and apt lets one have its lock. */
async function updateLists(): Promise<void> {
  for (let attempts = 1; ; attempts++)
    try {
      await run('apt-get', ['update'], { env: { ...process.env, LC_ALL: 'C' } })
      return
    } catch (error) {
      if (attempts === 120 || !/could not get lock/i.test(String((error as { stderr?: unknown }).stderr))) throw error
      await new Promise(resolve => setTimeout(resolve, 1_000))
    }
}
