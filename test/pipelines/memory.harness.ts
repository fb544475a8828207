import { count, max, min, sum } from '../../src/expression/aggregates.ts'
import type { MetricsLevel } from '../../src/metrics/metrics-snapshot.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'

/** What a run used of the machine at one moment, after a full collection. */
export interface Footprint {
  readonly events: number
  /** JavaScript heap and array buffers outside of it, in bytes. */
  readonly heapBytes: number
  readonly bufferBytes: number
  /** Linear memory held by operators. */
  readonly stateBytes: number
}

export interface Soak {
  readonly footprints: readonly Footprint[]
  /** Times the linear memory grew after the first quarter of the events. */
  readonly growths: number
  readonly rowsOut: number
  readonly accepted: number
}

export type Pattern = 'dense' | 'sparse' | 'distinct strings'

const BLOCK = 4096
const START_MS = 1_700_000_000_000

/** Rows per 1 s window. Dense: 75 rows a key; sparse: one. */
const WINDOW_ROWS: Readonly<Record<Pattern, number>> = { dense: 75_000, sparse: 1_000, 'distinct strings': 1_000 }

/**
 * Pushes `events` events as columns, in reused arrays, through a keyed tumbling window into an `onBatch` sink; looks at
 * the memory four times on the way.
 */
export async function soak(
  engine: 'wasm' | 'js',
  pattern: Pattern,
  events: number,
  metrics: MetricsLevel = 'basic',
): Promise<Soak> {
  const quarters = 4
  const isText = pattern === 'distinct strings'
  let rowsOut = 0
  const onBatch = (batch: { length: number; column(name: string): unknown }): void => {
    rowsOut += (batch.column('n') as Float64Array).length
  }
  const config = { engine, bufferSize: 2 * BLOCK, maxKeys: 20_000, metrics } as const
  const values = { time: timestamp(), value: f64() }
  // The two differ in the type of the key only, which nothing here looks at.
  const events$ = pipeline(schema({ ...values, key: (isText ? utf8() : i32()) as ReturnType<typeof i32> }), config)
  const job = await events$
    .eventTime('time')
    .filter(e => e.value.ge(0))
    .keyBy('key')
    .window(tumbling('1s'))
    .aggregate(e => ({ n: count(), total: sum(e.value), low: min(e.value), high: max(e.value) }))
    .run({ onBatch })

  const time = new Float64Array(BLOCK)
  const value = new Float64Array(BLOCK)
  const codes = new Int32Array(BLOCK)
  const texts: string[] = new Array(BLOCK).fill('')
  const block = { time, value, key: isText ? texts : codes }
  const perMs = WINDOW_ROWS[pattern] / 1000
  const fill = (from: number): void => {
    for (let i = 0; i < BLOCK; i++) {
      const event = from + i
      time[i] = START_MS + Math.floor(event / perMs)
      value[i] = event % 1009
      codes[i] = event % 1000
      if (isText) texts[i] = `session-${event}`
    }
  }
  const blocks = Math.ceil(events / BLOCK)
  const footprints: Footprint[] = []
  let growths = 0
  const stopCounting = countGrowths(() => {
    if (footprints.length > 0) growths++
  })
  try {
    for (let quarter = 1, at = 0; quarter <= quarters; quarter++) {
      for (; at < (blocks * quarter) / quarters; at++) {
        fill(at * BLOCK)
        const pushed = job.pushColumns(block as never)
        if (pushed !== true && (await pushed) !== true) throw new Error('rows were refused')
      }
      await job.flush()
      footprints.push(footprint(at * BLOCK, job.metrics().stateBytes))
    }
    const { accepted } = await job.drain()
    return { footprints, growths, rowsOut, accepted }
  } finally {
    stopCounting()
  }
}

function footprint(events: number, stateBytes: number): Footprint {
  for (let i = 0; i < 4; i++) globalThis.gc!()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return { events, heapBytes: heapUsed, bufferBytes: arrayBuffers, stateBytes }
}

/** Tells of every growth of a WebAssembly memory. */
function countGrowths(onGrowth: () => void): () => void {
  const { grow } = WebAssembly.Memory.prototype
  WebAssembly.Memory.prototype.grow = function (pages: number) {
    onGrowth()
    return grow.call(this, pages)
  }
  return () => {
    WebAssembly.Memory.prototype.grow = grow
  }
}
