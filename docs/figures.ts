// npm run docs:figures
//
// Writes the measured parts of the documents from bench/results/latest.json: what stands between <!-- name:begin --> and
// <!-- name:end --> for each name below. Nothing in between is written by hand; a test compares them.

import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { benefitsSection, queueSpeedSection } from './queue-figures.ts'
import { runtimesSection, sizesSection } from './runtime-figures.ts'
import { rate, table, times } from './table.ts'

const RESULTS = new URL('../bench/results/latest.json', import.meta.url)

interface Target {
  readonly of: 'ratio' | 'value'
  readonly atLeast: number
  readonly against?: string
  readonly reached: number
  readonly met: boolean
}

interface Figure {
  readonly name: string
  readonly unit: string
  readonly median: number
  readonly p25: number
  readonly p75: number
  readonly baseline?: string
  readonly ratio?: number
  readonly ratioP25?: number
  readonly ratioP75?: number
  readonly cpuMedian?: number
  readonly note?: string
  readonly targets?: readonly Target[]
}

interface Latency {
  readonly name: string
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

interface Group {
  readonly group: string
  readonly description: string
  readonly figures: readonly Figure[]
  readonly latencies?: readonly Latency[]
  readonly measured: { readonly date: string; readonly commit: string }
}

/** What `npm run bench -- --json FILE` writes, as far as it is shown. */
export interface BenchResults {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly platform: string }
  readonly runtime: { readonly node: string }
  readonly quick: boolean
  readonly groups: readonly Group[]
}

/** The results on disk, or undefined when nothing has been measured yet. */
export function readResults(): BenchResults | undefined {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as BenchResults) : undefined
}

type MeasuredPart = (results: BenchResults) => string

/** The documents with measured parts, by their paths, and what makes each part. */
export const MEASURED_DOCUMENTS: Readonly<Record<string, Readonly<Record<string, MeasuredPart>>>> = {
  'README.md': { highlights: highlightsSection, runtimes: runtimesSection },
  'docs/deployment.md': { sizes: sizesSection },
  'docs/performance.md': { figures: figuresSection, benefits: benefitsSection },
  'docs/queues.md': { speed: queueSpeedSection },
}

/** A document with its measured parts made anew. @throws when the results are of a quick run, whose figures mean nothing. */
export function withFigures(path: string, text: string, results: BenchResults | undefined): string {
  if (results?.quick) throw new Error('bench/results/latest.json is of a --quick run: its figures mean nothing')
  return Object.entries(MEASURED_DOCUMENTS[path]!).reduce(
    (so, [name, make]) => between(path, so, name, results === undefined ? NOT_MEASURED : make(results)),
    text,
  )
}

const NOT_MEASURED = 'Not measured yet: `npm run bench -- --json bench/results/latest.json` writes the figures.'

function between(path: string, text: string, name: string, body: string): string {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${path} lacks ${begin} … ${end}`)
  return `${text.slice(0, from)}${begin}\n\n${body}\n\n${text.slice(to)}`
}

/** Groups the README shows, and what each is in a few words. */
const HIGHLIGHTS: readonly (readonly [group: string, text: string])[] = [
  [
    'pipelines/w1/columns-utf8-dense',
    'filter, project, 1 s windows by text key, count, sum, min, max; about 75 rows a window',
  ],
  ['pipelines/w1/columns-utf8-sparse', 'the same, about one row a window'],
  ['pipelines/w1/objects-utf8-dense', 'the same dense, as objects'],
  ['pipelines/nexmark/q5', 'NEXMark q5: hot items of 10 s, every 2 s'],
  ['pipelines/nexmark/q11', 'NEXMark q11: sessions by bidder'],
  ['pipelines/nexmark/q17', 'NEXMark q17: prices by auction and day'],
]

function highlightsSection(results: BenchResults): string {
  const rows = HIGHLIGHTS.flatMap(([name, text]) => {
    const figures = results.groups.find(({ group }) => group === name)?.figures ?? []
    const ours = figures.find(figure => isOurs(figure) && figure.ratio !== undefined)
    const loop = figures.find(figure => figure.name === ours?.baseline)
    return ours === undefined || loop === undefined
      ? []
      : [[text, rate(loop.median), rate(ours.median), ratioText(ours)]]
  })
  return `${circumstances(results)}. Medians in million events a second, one thread, beside the best loop over typed arrays we could write for that one job, in the same run.\n\n${table(['', 'hand-written loop', 'eventflux', 'ratio'], rows)}`
}

const circumstances = ({ machine, runtime, groups }: BenchResults): string =>
  `${machine.cpu}, ${machine.cores} cores, Node ${runtime.node}, ${datesOf(groups)}`

function figuresSection(results: BenchResults): string {
  return [
    `${circumstances(results)}. ` +
      'Rates are medians in million events a second. The ratio is against what stands beside it, measured in the same run (the ' +
      'fastest of the hand-written loops), with quartiles where the contestants took turns. A target that was missed says so.',
    pipelineTable(groupsIn(results, 'pipelines/')),
    slideTable(groupsIn(results, 'pipelines/hopping/')),
    shardTable(groupsIn(results, 'threads/shards/')),
    queueTable(groupsIn(results, 'queues/')),
    latencyTable(results.groups.filter(({ group }) => !group.startsWith('checkpoints/'))),
    kernelTable(groupsIn(results, 'kernels/')),
  ]
    .filter(part => part !== '')
    .join('\n\n')
}

const groupsIn = ({ groups }: BenchResults, folder: string): readonly Group[] =>
  groups.filter(({ group }) => group.startsWith(folder))

function datesOf(groups: readonly Group[]): string {
  const days = groups.map(({ measured }) => measured.date.slice(0, 10)).sort()
  return [...new Set([days[0], days.at(-1)])].join(' to ')
}

/** The contestants that are ours; the others are what they are measured against. */
const isOurs = ({ name }: Figure): boolean => /^(eventflux|metrics:|EventQueue)/.test(name)

function pipelineTable(groups: readonly Group[]): string {
  if (groups.length === 0) return ''
  const rows = groups.flatMap(({ description, figures }) =>
    figures
      .filter(figure => isOurs(figure) && figure.baseline !== undefined)
      .map(figure => {
        const against = figures.find(({ name }) => name === figure.baseline)!
        return [
          description,
          `${against.name}: ${rate(against.median)}`,
          `${figure.name}: ${rate(figure.median)}`,
          ratioText(figure),
          targetText(figure),
        ]
      }),
  )
  return table(['pipeline', 'against', 'measured', 'ratio', 'target'], rows)
}

/** What an event costs in windows that overlap, by how many of them it is in. */
function slideTable(groups: readonly Group[]): string {
  const [group] = groups
  if (group === undefined) return ''
  const rows = group.figures.map(figure => [figure.name, rate(figure.median), ratioText(figure), targetText(figure)])
  return table([`overlapping windows: ${group.description}`, 'M events/s', 'against slide = size', 'target'], rows)
}

/** The same with workers. */
function shardTable(groups: readonly Group[]): string {
  if (groups.length === 0) return ''
  const rows = groups.flatMap(({ description, figures }) =>
    figures.map(figure => [
      description,
      figure.note === undefined ? figure.name : `${figure.name}, by ${figure.note}`,
      rate(figure.median),
      ratioText(figure),
      figure.cpuMedian === undefined ? '' : `${(1_000 / figure.cpuMedian).toFixed(1)} ns`,
      targetText(figure),
    ]),
  )
  const head = ['dealt out to workers', '', 'M events/s', 'against one thread', 'time of processors a row', 'target']
  return table(head, rows)
}

function queueTable(groups: readonly Group[]): string {
  if (groups.length === 0) return ''
  const rows = groups.flatMap(({ description, figures }) =>
    figures.map(figure => [
      description,
      figure.name,
      rate(figure.median),
      figure.baseline ?? '',
      ratioText(figure),
      targetText(figure),
    ]),
  )
  return table(['queues and pools', '', 'M/s', 'against', 'ratio', 'target'], rows)
}

function latencyTable(groups: readonly Group[]): string {
  const rows = groups.flatMap(({ description, latencies = [] }) =>
    latencies.map(({ name, p50, p90, p99, p999, max }) => [
      description,
      name,
      ...[p50, p90, p99, p999, max].map(microseconds => rate(microseconds)),
    ]),
  )
  return rows.length === 0 ? '' : table(['latency, µs', '', 'p50', 'p90', 'p99', 'p99.9', 'most'], rows)
}

function kernelTable(groups: readonly Group[]): string {
  if (groups.length === 0) return ''
  const rows = groups.map(({ group, figures }) => {
    const ratios = figures.filter(({ ratio }) => ratio !== undefined).sort((a, b) => a.ratio! - b.ratio!)
    const [least, middle, most] = [ratios[0]!, ratios[ratios.length >>> 1]!, ratios.at(-1)!]
    return [
      group.slice(group.lastIndexOf('/') + 1),
      String(ratios.length),
      `${times(least.ratio!)} (${least.name})`,
      times(middle.ratio!),
      `${times(most.ratio!)} (${most.name})`,
    ]
  })
  return table(['kernels, WebAssembly against the plain-TypeScript twin', 'n', 'least', 'middle', 'most'], rows)
}

function ratioText({ ratio, ratioP25, ratioP75 }: Figure): string {
  if (ratio === undefined) return ''
  return ratioP25 === undefined || ratioP75 === undefined
    ? times(ratio)
    : `${times(ratio)} (${ratioP25.toFixed(2)} … ${ratioP75.toFixed(2)})`
}

function targetText({ targets = [] }: Figure): string {
  return targets
    .map(({ of, atLeast, against, reached, met }) => {
      const bound = of === 'ratio' ? times(atLeast) : `${atLeast} M/s`
      const beside = against === undefined ? '' : ` of ${against}`
      return `≥ ${bound}${beside}: ${met ? 'met' : `**missed** (${of === 'ratio' ? times(reached) : rate(reached)})`}`
    })
    .join('; ')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const path of Object.keys(MEASURED_DOCUMENTS)) {
    const file = new URL(`../${path}`, import.meta.url)
    const before = readFileSync(file, 'utf8')
    const after = withFigures(path, before, readResults())
    if (after !== before) writeFileSync(file, after)
    console.log(`${path} is ${after === before ? 'up to date' : 'written anew'}`)
  }
}
