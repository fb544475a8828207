// What documents say of queues, from bench/results/latest.json.

import type { BenchResults } from './figures.ts'
import { rate, table, times } from './table.ts'

const HERE = 'queues/event-queue'
const BETWEEN = 'queues/between-threads'

/** What the document promises of its queue, and what became of it. */
export function benefitsSection(results: BenchResults): string {
  const { rateOf, latencyOf } = readerOf(results)
  const js = results.groups
    .find(({ group }) => group === 'pipelines/w1/columns-js-engine')
    ?.figures.find(({ name }) => name.startsWith('eventflux'))
  const ratesOf = (group: string, unit: string, suffix = ''): string =>
    `${unit} ${rateOf(group, `SharedEventQueue spsc${suffix}`)}, ${rateOf(group, `SharedEventQueue mpmc${suffix}`)}`
  return table(
    ['', 'the document says', '`EventQueue`, one thread', '`SharedEventQueue`, between threads'],
    [
      [
        'contention',
        'minimal',
        'none: one thread owns the ring, so there is no lock and no atomic operation to wait for',
        "no lock. `'spsc'`: none, each side writes a cursor of its own, 128 bytes from the other's. `'mpmc'`: threads of one side try for one cursor, once a batch",
      ],
      [
        'latency',
        'predictable',
        `a \`tryPush\` or \`tryPop\` is a bounded number of steps; 1,024 of each take ${latencyOf(`${HERE}/batch-latency`, 'EventQueue.numbers')}; ` +
          `from due to the sink of a job at a million events a second: ${latencyOf('pipelines/latency/at-a-rate', '1,000,000 events/s')}; a job's own are in \`job.metrics().latencyNs\``,
        `there and back, \`'spsc'\`: ${latencyOf(`${BETWEEN}/latency`, 'SharedEventQueue spsc, there and back')}; \`'mpmc'\`: ${latencyOf(`${BETWEEN}/latency`, 'SharedEventQueue mpmc, there and back')}`,
      ],
      [
        'throughput',
        'high',
        `numbers ${rateOf(`${HERE}/numbers`, 'EventQueue.numbers')} (an array: ${rateOf(`${HERE}/numbers`, 'array push and shift')}); ` +
          `objects ${rateOf(`${HERE}/three-field-objects`, 'EventQueue')} (an array: ${rateOf(`${HERE}/three-field-objects`, 'array push and shift')}); ` +
          `rows of a schema ${rateOf(`${HERE}/three-field-rows`, 'EventQueue.rows')}`,
        `\`'spsc'\`, \`'mpmc'\`: ${ratesOf(`${BETWEEN}/one-by-one`, 'numbers one by one')} (\`postMessage\`: ${rateOf(`${BETWEEN}/one-by-one`, 'postMessage of objects')}); ` +
          `${ratesOf(`${BETWEEN}/batches`, 'in batches', ', batches')}; ${ratesOf(`${BETWEEN}/rows`, 'rows of a schema', ', columns')}`,
      ],
      [
        'complexity',
        'higher',
        `every kernel exists twice, and tests hold the two together bit by bit${js === undefined ? '' : `; the twins alone run the workload at ${rate(js.median)} M events/s, ${times(js.ratio!)} of a hand-written loop`}`,
        'the same, and every step that another thread may see between is tried in every order, up to three preemptions',
      ],
    ],
  )
}

/** How fast queues between threads are, beside what else there is. */
export function queueSpeedSection(results: BenchResults): string {
  const { rateOf, percentilesOf } = readerOf(results)
  const rows = [
    ["`SharedEventQueue`, `'spsc'`", 'SharedEventQueue spsc', ', batches', ', columns'],
    ["`SharedEventQueue`, `'mpmc'`", 'SharedEventQueue mpmc', ', batches', ', columns'],
    ['ringbuf.js 0.4.0 (one producer, one consumer)', 'ringbuf.js', ', batches'],
    ['the same ring in C', 'a ring in C', ', batches'],
    ['`postMessage` of objects', 'postMessage of objects', undefined, ''],
  ] as const
  const speed = rows.map(([text, name, batches, columns]) => [
    text,
    rateOf(`${BETWEEN}/one-by-one`, name),
    batches === undefined ? '' : rateOf(`${BETWEEN}/batches`, name + batches),
    columns === undefined ? '' : rateOf(`${BETWEEN}/rows`, name + columns),
  ])
  speed.push([
    '`postMessage`, batches transferred',
    '',
    rateOf(`${BETWEEN}/batches`, 'postMessage, transferred batches'),
    '',
  ])
  const latency = (['spsc', 'mpmc'] as const).map(kind => [
    `\`'${kind}'\``,
    ...percentilesOf(`${BETWEEN}/latency`, `SharedEventQueue ${kind}, there and back`),
  ])
  return [
    table(['', 'one number at a time', '4,096 at a time', 'rows of three columns'], speed),
    'A number to another thread that spins and its answer back, in µs:',
    table(['', 'p50', 'p90', 'p99', 'p99.9'], latency),
  ].join('\n\n')
}

/** Figures by group and name; what wasn't measured says so. */
function readerOf({ groups }: BenchResults) {
  const percentilesOf = (group: string, name: string): readonly string[] => {
    const found = groups.find(each => each.group === group)?.latencies?.find(each => each.name === name)
    if (found === undefined) return Array.from({ length: 4 }, () => 'not measured')
    return [found.p50, found.p90, found.p99, found.p999].map(rate)
  }
  return {
    percentilesOf,
    rateOf(group: string, name: string): string {
      const found = groups.find(each => each.group === group)?.figures.find(each => each.name === name)
      return found === undefined ? 'not measured' : `${rate(found.median)} M/s`
    },
    latencyOf(group: string, name: string): string {
      const [p50, p90, p99, p999] = percentilesOf(group, name)
      return `${p50} µs (p50), ${p90} (p90), ${p99} (p99), ${p999} (p99.9)`
    },
  }
}
