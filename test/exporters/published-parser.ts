import { type ExecFileException, execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { unpackedDebian } from '../debian-packages.ts'
import type { ParsedSample } from './openmetrics-parser.ts'

const run = promisify(execFile)

/** The parser of prometheus_client. */
const PACKAGE = 'python3-prometheus-client'

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
      const path = join(await unpackedDebian(PACKAGE), 'usr/lib/python3/dist-packages')
      await imports(path)
      return path
    } catch (second) {
      throw new AggregateError(
        [first, second],
        `The published parser of OpenMetrics is missing: apt-get install ${PACKAGE} (${first}; ${second})`,
      )
    }
  }
}
