import { join } from 'node:path'
import { type Context, createContext, runInContext } from 'node:vm'
import { build } from 'esbuild'
import { beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from './source-files.ts'

/**
 * What every runtime has besides the language (WebAssembly included, each context has its own), from browsers to edge
 * workers. No process, Buffer, setImmediate, Worker, MessageChannel.
 */
const EVERYWHERE = {
  performance,
  TextDecoder,
  TextEncoder,
  setTimeout,
  clearTimeout,
  queueMicrotask,
  URL,
  AbortController,
  AbortSignal,
  structuredClone,
  atob,
}

/** Uses the library as a page would, and gives back plain data. */
const PROGRAM = `(async () => {
  const { pipeline, schema, timestamp, utf8, f64, count, sum, tumbling, csvSource, EventQueue, EventPool } = eventflux
  const readings = schema({ time: timestamp(), sensor: utf8(), value: f64() })
  const totals = pipeline(readings, ENGINE ? { engine: ENGINE } : {})
    .eventTime('time')
    .filter(e => e.value.ge(0))
    .keyBy('sensor')
    .window(tumbling('1s'))
    .aggregate(e => ({ n: count(), total: sum(e.value) }))
  const rows = []
  const job = await totals.run({ sink: rows })
  for (let i = 0; i < 100; i++) job.push({ time: i * 50, sensor: 's' + (i % 2), value: i - 10 })
  const summary = await job.drain()

  const text = 'time,sensor,value\\n' + Array.from({ length: 3000 }, (_, i) => i * 50 + ',s,' + i).join('\\n')
  const fromText = []
  await (await totals.run({ source: csvSource(text, readings), sink: fromText })).done
  const fromArray = []
  const events = Array.from({ length: 3000 }, (_, i) => ({ time: i * 50, sensor: 's', value: i }))
  await (await totals.run({ source: events, sink: fromArray })).done

  const queue = new EventQueue({ capacity: 2 })
  queue.tryPush(1)
  const pool = new EventPool(readings, { capacity: 2 })
  return JSON.stringify({
    engine: job.engine, rows, delivered: summary.delivered, popped: queue.tryPop(), handle: pool.acquire() >= 0,
    same: JSON.stringify(fromText) === JSON.stringify(fromArray), windows: fromText.length,
  })
})()`

let bundle: string

/** Runs the program in a world of its own. `strings`, `wasm`: whether code may be made of text, and of bytes. */
async function run(options: { engine?: string; strings?: boolean; wasm?: boolean }) {
  const globals: Context = { ...EVERYWHERE, ENGINE: options.engine }
  const context = createContext(globals, {
    codeGeneration: { strings: options.strings ?? true, wasm: options.wasm ?? true },
  })
  runInContext(bundle, context)
  return JSON.parse((await runInContext(PROGRAM, context)) as string)
}

/** One window a second and sensor, of the values that aren't negative. */
function expectedRows() {
  const rows: { windowStart: number; windowEnd: number; sensor: string; n: number; total: number }[] = []
  for (let second = 0; second < 5; second++) {
    for (const parity of [0, 1]) {
      const values = Array.from({ length: 100 }, (_, i) => i)
        .filter(i => Math.floor((i * 50) / 1000) === second && i % 2 === parity && i >= 10)
        .map(i => i - 10)
      const total = values.reduce((sum, value) => sum + value, 0)
      const windowStart = second * 1000
      rows.push({ windowStart, windowEnd: windowStart + 1000, sensor: `s${parity}`, n: values.length, total })
    }
  }
  return rows
}

describe('the core entry', () => {
  beforeAll(async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(ROOT, 'src/index.ts')],
      bundle: true,
      platform: 'neutral',
      mainFields: ['module', 'main'],
      format: 'iife',
      globalName: 'eventflux',
      target: 'es2022',
      loader: { '.wasm': 'base64' },
      absWorkingDir: ROOT,
      write: false,
      metafile: true,
      logLevel: 'silent',
    })
    bundle = outputFiles[0]!.text
    expect(Object.keys(metafile.inputs).filter(path => /src\/(node|web)\//.test(path))).toEqual([])
  })

  it.each([
    ['on the engine it finds', {}, 'wasm'],
    ['on wasm', { engine: 'wasm' }, 'wasm'],
    ['on js', { engine: 'js' }, 'js'],
    ['where no code may be made of text', { strings: false }, 'wasm'],
  ] as const)('runs where there is no platform but the standard: %s', async (_, options, engine) => {
    const { rows, ...rest } = await run(options)
    expect(rest).toEqual({ engine, delivered: 100, popped: 1, handle: true, same: true, windows: 150 })
    expect(rows.sort(byWindow)).toEqual(expectedRows().sort(byWindow))
  })

  it('runs on js where neither text nor bytes may become code', async () => {
    const { engine, delivered } = await run({ strings: false, wasm: false })
    expect({ engine, delivered }).toEqual({ engine: 'js', delivered: 100 })
  })

  it('says so where wasm is asked for and forbidden', async () => {
    await expect(run({ engine: 'wasm', wasm: false })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  })
})

const byWindow = (a: { windowStart: number; sensor: string }, b: { windowStart: number; sensor: string }): number =>
  a.windowStart - b.windowStart || (a.sensor < b.sensor ? -1 : 1)
