import 'uplot/dist/uPlot.min.css'
import type { JobMode, MetricsSnapshot } from 'eventflux'
import { drawBars } from './bars.ts'
import { compareEngines } from './benchmark.ts'
import { LiveSession, type Settings } from './live-session.ts'
import { type QueryName, queries, queryNames } from './queries.ts'
import { TimeChart } from './time-chart.ts'

const REFRESH_MS = 250
/** Rates are those of the last second: windows that fire each second would be all or nothing in less. */
const SNAPSHOTS_A_SECOND = 1_000 / REFRESH_MS

const element = <E extends HTMLElement>(id: string): E => document.getElementById(id) as E
const query = element<HTMLSelectElement>('query')
const rate = element<HTMLInputElement>('rate')
const reader = element<HTMLSelectElement>('reader')
const workers = element<HTMLSelectElement>('workers')
const runButton = element<HTMLButtonElement>('run')
const benchmarkButton = element<HTMLButtonElement>('benchmark')
const status = element('status')

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const number = (value: number): string => short.format(value)
const millis = (value: number): string =>
  value >= 1_000 ? `${number(value / 1_000)} s` : value >= 1 ? `${number(value)} ms` : `${number(value * 1_000)} µs`
const MIB = 1_048_576
const mebibytes = (value: number): string => `${number(value)} MiB`

const charts = {
  rates: new TimeChart(
    element('charts'),
    'Throughput, events/s',
    [
      { label: 'offered', color: '--first' },
      { label: 'through', color: '--second', dash: [6, 4] },
    ],
    number,
  ),
  results: new TimeChart(element('charts'), 'Results, rows/s', [{ label: 'results', color: '--second' }], number),
  depth: new TimeChart(element('charts'), 'Queue depth, rows', [{ label: 'waiting', color: '--first' }], number),
  drops: new TimeChart(
    element('charts'),
    'Lost or held back, events/s',
    [
      { label: 'evicted', color: '--third' },
      { label: 'refused', color: '--fourth', dash: [6, 4] },
      { label: 'late', color: '--first', dash: [2, 3] },
      { label: 'held back', color: '--second' },
    ],
    number,
  ),
  latency: new TimeChart(
    element('charts'),
    'Latency since the start',
    [
      { label: 'p50', color: '--second' },
      { label: 'p99', color: '--third' },
    ],
    millis,
  ),
  memory: new TimeChart(
    element('charts'),
    'Memory',
    [
      { label: 'state', color: '--first' },
      { label: 'JavaScript heap', color: '--second', dash: [6, 4] },
    ],
    mebibytes,
  ),
}

let session: LiveSession | undefined
/** Changes come faster than jobs start: they wait for each other. */
let changing: Promise<void> = Promise.resolve()
let isOn = true
/** What was counted at the last refreshes, the oldest a second ago. */
let snapshots: { readonly at: number; readonly counts: Counts }[] = []

interface Counts {
  readonly offered: number
  readonly through: number
  readonly results: number
  readonly evicted: number
  readonly refused: number
  readonly late: number
  readonly heldBack: number
}

function settings(): Settings {
  const engine = document.querySelector<HTMLInputElement>('input[name=engine]:checked')!.value
  return {
    query: query.value as QueryName,
    engine: engine as Settings['engine'],
    strategy: element<HTMLSelectElement>('strategy').value as Settings['strategy'],
    workers: Number(workers.value),
  }
}

/** Replaces the job by one with the settings as they are now, or by none. */
function restart(switchedOn = isOn): Promise<void> {
  changing = changing.then(async () => {
    if (session) for (const chart of Object.values(charts)) chart.pause(Date.now() / 1_000)
    await session?.stop()
    session = undefined
    snapshots = []
    isOn = switchedOn
    runButton.textContent = isOn ? 'Stop' : 'Start'
    if (!isOn) {
      status.textContent = 'Stopped.'
      return
    }
    try {
      session = await LiveSession.start(settings())
      follow()
      const { job } = session
      status.textContent = `Running on ${job.engine === 'wasm' ? 'WebAssembly' : 'JavaScript'}, ${threadsOf(job.mode)}.`
      const current = session
      job.done.catch(error => {
        if (session === current) status.textContent = `The job failed: ${error.message}`
      })
    } catch (error) {
      status.textContent = `It could not start: ${(error as Error).message}`
    }
  })
  return changing
}

function threadsOf({ kind, workers, distribution, reason }: JobMode): string {
  if (kind === 'thread') return reason === undefined ? 'one thread' : `one thread: ${reason}`
  return `${workers === 1 ? '1 worker' : `${workers} workers`}, by ${distribution}`
}

/** What a running job takes over at once. */
function follow(): void {
  element('rate-text').textContent = `${number(eventsPerSecond())}/s`
  rate.setAttribute('aria-valuetext', `${number(eventsPerSecond())} events a second`)
  element('query-text').textContent = queries[query.value as QueryName].text
  if (!session) return
  session.rate = eventsPerSecond()
  session.readerMs = Number(reader.value)
}

const eventsPerSecond = (): number => 10 ** Number(rate.value)

function refresh(): void {
  if (!session) return
  const metrics = session.metrics()
  const now = Date.now() / 1_000
  const counts = countsOf(metrics, session)
  snapshots.push({ at: now, counts })
  if (snapshots.length <= SNAPSHOTS_A_SECOND) return
  const before = snapshots.shift()!
  const perSecond = ratesOf(counts, before.counts, now - before.at)
  const depth = metrics.edges[0]?.depth ?? 0
  const { p50, p99 } = metrics.latencyNs
  const heap = (performance as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? Number.NaN
  charts.rates.add(now, [perSecond.offered, perSecond.through])
  charts.results.add(now, [perSecond.results])
  charts.depth.add(now, [depth])
  charts.drops.add(now, [perSecond.evicted, perSecond.refused, perSecond.late, perSecond.heldBack])
  charts.latency.add(now, [p50 / 1e6, p99 / 1e6])
  charts.memory.add(now, [metrics.stateBytes / MIB, heap / MIB])
  showTiles({
    'Events/s': number(metrics.ratesIn.over1s),
    'Results so far': number(metrics.counters.numRecordsOut),
    'Queue depth': number(depth),
    'Lost so far': number(counts.evicted + counts.refused),
    'Latency p99': Number.isNaN(p99) ? '–' : millis(p99 / 1e6),
    Busy: `${Math.round(metrics.busyTimeMsPerSecond / 10)} %`,
  })
  showResults(session)
}

function countsOf({ counters }: MetricsSnapshot, { heldBack }: LiveSession): Counts {
  return {
    offered: counters.offered,
    through: counters.delivered,
    results: counters.numRecordsOut,
    evicted: counters.evicted,
    refused: counters.rejectedFull,
    late: counters.numLateRecordsDropped,
    heldBack,
  }
}

function ratesOf(now: Counts, then: Counts, seconds: number): Counts {
  const names = Object.keys(now) as (keyof Counts)[]
  return Object.fromEntries(names.map(name => [name, (now[name] - then[name]) / seconds])) as unknown as Counts
}

/** Figures by their names. Only what changes is written: who reads by ear would lose the place otherwise. */
function showTiles(tiles: Readonly<Record<string, string>>): void {
  const parent = element('tiles')
  for (const [i, [name, value]] of Object.entries(tiles).entries()) {
    const tile = parent.children[i] ?? parent.appendChild(document.createElement('div'))
    if (tile.childElementCount === 0) {
      tile.append(document.createElement('dt'), document.createElement('dd'))
      tile.firstElementChild!.textContent = name
    }
    const text = tile.lastElementChild!
    if (text.textContent !== value) text.textContent = value
  }
}

let shownResults = ''

function showResults({ names, results }: LiveSession): void {
  const toShow = JSON.stringify([names, results])
  if (toShow === shownResults) return
  shownResults = toShow
  const cells = (tag: 'th' | 'td', texts: readonly string[]): HTMLTableRowElement => {
    const row = document.createElement('tr')
    for (const [i, text] of texts.entries()) {
      const cell = document.createElement(tag)
      cell.textContent = text
      if (tag === 'th') cell.setAttribute('scope', 'col')
      if (names[i] !== 'symbol' && !names[i]!.startsWith('window')) cell.className = 'number'
      row.append(cell)
    }
    return row
  }
  element('results').replaceChildren(cells('th', names), ...results.map(result => cells('td', result)))
}

async function benchmark(): Promise<void> {
  const told = element('benchmark-status')
  const wasOn = isOn
  benchmarkButton.disabled = true
  runButton.disabled = true
  await restart(false)
  try {
    const done = await compareEngines((text, soFar) => {
      told.textContent = text
      drawBars(element('bars'), soFar)
    })
    drawBars(element('bars'), done)
    const product = done.reduce((product, { wasm, js }) => product * (wasm / js), 1)
    told.textContent = `WebAssembly is ${(product ** (1 / done.length)).toFixed(2)}× as fast as JavaScript here, by the geometric mean.`
  } catch (error) {
    told.textContent = `It failed: ${(error as Error).message}`
  }
  benchmarkButton.disabled = false
  runButton.disabled = false
  await restart(wasOn)
}

query.append(...queryNames.map(name => new Option(queries[name].title, name)))
if (!crossOriginIsolated) {
  workers.disabled = true
  element('workers-text').textContent = 'They need shared memory, and so a page that is isolated (COOP, COEP).'
}
for (const control of [query, workers, element('strategy')]) control.addEventListener('change', () => void restart())
for (const radio of document.querySelectorAll('input[name=engine]'))
  radio.addEventListener('change', () => void restart())
rate.addEventListener('input', follow)
reader.addEventListener('change', follow)
element('settings').addEventListener('submit', event => event.preventDefault())
runButton.addEventListener('click', () => void restart(!isOn))
benchmarkButton.addEventListener('click', () => void benchmark())
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
  for (const chart of Object.values(charts)) chart.draw()
})
follow()
setInterval(refresh, REFRESH_MS)
void restart()
