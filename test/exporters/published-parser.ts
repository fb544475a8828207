import { type ExecFileException, execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ParsedSample } from './openmetrics-parser.ts'

const run = promisify(execFile)

/** The parser of prometheus_client, and what it imports. */
const PACKAGES = ['python3-prometheus-client', 'python3-decorator']

/** Reads a text from its input and prints the families as JSON. */
const PROGRAM = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
print(json.dumps([
  dict(name=family.name, type=family.type, unit=family.unit, help=family.documentation, samples=[
    dict(name=sample.name, labels=sample.labels, value=repr(float(sample.value))) for sample in family.samples])
  for family in text_string_to_metric_families(sys.stdin.read())]))
`

/** A family as the published parser gives it. */
export interface PublishedFamily {
  readonly name: string
  readonly type: string
  readonly unit: string
  readonly help: string
  readonly samples: readonly Omit<ParsedSample, 'key'>[]
}

/**
 * The parser of OpenMetrics that Prometheus publishes, of the Python package `prometheus_client`: as it is installed, or of
 * Debian's packages, which are unpacked in the user's cache and change nothing else.
 *
 * @returns What it makes of a text; rejects with what it says against it.
 */
export async function publishedParser(): Promise<(text: string) => Promise<readonly PublishedFamily[]>> {
  const path = await pythonPath()
  return text =>
    new Promise((resolve, reject) => {
      const environment = { ...process.env, ...(path && { PYTHONPATH: path }) }
      const done = (error: ExecFileException | null, stdout: string, stderr: string): void =>
        error ? reject(new Error(stderr.trim().split('\n').at(-1))) : resolve(familiesOf(stdout))
      execFile('python3', ['-c', PROGRAM], { env: environment }, done).stdin!.end(text)
    })
}

function familiesOf(json: string): PublishedFamily[] {
  const numberOf = (text: string): number => Number(text.replace(/inf$/, 'Infinity').replace(/^nan$/, 'NaN'))
  const families = JSON.parse(json) as { samples: { value: string }[] }[]
  return families.map(family => ({
    ...family,
    samples: family.samples.map(sample => ({ ...sample, value: numberOf(sample.value) })),
  })) as never
}

/** Where the package is: undefined where Python finds it by itself. */
async function pythonPath(): Promise<string | undefined> {
  const imports = (path?: string) =>
    run('python3', ['-c', 'import prometheus_client.openmetrics.parser'], {
      env: { ...process.env, ...(path && { PYTHONPATH: path }) },
    })
  try {
    await imports()
    return undefined
  } catch (first) {
    try {
      const path = join(await unpacked(), 'usr/lib/python3/dist-packages')
      await imports(path)
      return path
    } catch (second) {
      throw new AggregateError(
        [first, second],
        `The published parser of OpenMetrics is missing: apt-get install ${PACKAGES[0]} (${first}; ${second})`,
      )
    }
  }
}

async function unpacked(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'eventflux-openmetrics')
  if (existsSync(cache)) return cache
  await mkdir(join(cache, '..'), { recursive: true })
  const fresh = await mkdtemp(`${cache}-`)
  const download = () => run('apt-get', ['download', ...PACKAGES], { cwd: fresh })
  try {
    await download().catch(async () => {
      // A new machine has no lists of packages yet.
      await run('apt-get', ['update'])
      await download()
    })
    for (const name of await readdir(fresh)) await run('dpkg', ['-x', join(fresh, name), fresh])
    await rename(fresh, cache)
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    // Somebody else was faster.
    if (!existsSync(cache)) throw error
  }
  return cache
}
