import { execFile, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { unpackedDebian } from '../debian-packages.ts'
import type { ParsedSample } from './openmetrics-parser.ts'

const run = promisify(execFile)

/** The parser of prometheus_client. */
const PACKAGE = 'python3-prometheus-client'

/** Reads texts, each a line of JSON, and prints the families of each as JSON, or what it says against it. */
const PROGRAM = `
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
for line in sys.stdin:
  try:
    answer = [
      dict(name=family.name, type=family.type, unit=family.unit, help=family.documentation, samples=[
        dict(name=sample.name, labels=sample.labels, value=repr(float(sample.value))) for sample in family.samples])
      for family in text_string_to_metric_families(json.loads(line))]
  except Exception as error:
    answer = dict(error=repr(error))
  print(json.dumps(answer), flush=True)
`

/** A family as the published parser gives it. */
export interface PublishedFamily {
  readonly name: string
  readonly type: string
  readonly unit: string
  readonly help: string
  readonly samples: readonly Omit<ParsedSample, 'key'>[]
}

/** What is made of a text; rejects with what is said against it. */
export interface PublishedParser {
  parse(text: string): Promise<readonly PublishedFamily[]>
  close(): void
}

/**
 * The parser of OpenMetrics that Prometheus publishes, of the Python package `prometheus_client`: as it is installed, or of
 * Debian's packages, which are unpacked in the user's cache and change nothing else. A process for all texts.
 */
export async function publishedParser(): Promise<PublishedParser> {
  const path = await pythonPath()
  const environment = { ...process.env, ...(path && { PYTHONPATH: path }) }
  const python = spawn('python3', ['-c', PROGRAM], { env: environment, stdio: ['pipe', 'pipe', 'inherit'] })
  const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]()
  // One text after the other, whoever asks.
  let last: Promise<unknown> = Promise.resolve()
  const ask = async (text: string): Promise<readonly PublishedFamily[]> => {
    python.stdin.write(`${JSON.stringify(text)}\n`)
    const { done, value } = await answers.next()
    if (done) throw new Error('The published parser has ended')
    return familiesOf(value)
  }
  return {
    parse(text) {
      const answer = last.then(() => ask(text))
      last = answer.catch(() => {})
      return answer
    },
    close: () => python.stdin.end(),
  }
}

function familiesOf(json: string): PublishedFamily[] {
  const numberOf = (text: string): number => Number(text.replace(/inf$/, 'Infinity').replace(/^nan$/, 'NaN'))
  const families = JSON.parse(json) as { samples: { value: string }[] }[] | { error: string }
  if ('error' in families) throw new Error(families.error)
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
