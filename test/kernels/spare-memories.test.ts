import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { count, last, sum } from '../../src/expression/aggregates.ts'
import { collect } from '../../src/expression/choice-aggregates.ts'
import { distinctCount, median } from '../../src/expression/distribution-aggregates.ts'
import type { NumberExpression, StringExpression } from '../../src/expression/expression.ts'
import { createRuntime, f64, pipeline, type Runtime, schema } from '../../src/index.ts'
import { createEngine } from '../../src/kernels/engine.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { SpareMemories } from '../../src/wasm/spare-memories.ts'
import { ROW_WINDOWS, WINDOWS } from '../operators/every-window.ts'
import { eventRows, events } from '../operators/state-events.ts'
import { ROOT } from '../source-files.ts'
import { textOf } from '../threads/events.ts'

const PAGE = 65_536
const ANY = { least: 0, most: 2 ** 32 }
const bytes = await readFile(join(ROOT, 'build/plain.wasm'))
/** A runtime of its own, so that nothing else leaves memories to it. */
const ownRuntime = () => createRuntime({ engine: 'wasm', module: bytes })
const sparesOf = ({ module }: Runtime, engine: 'wasm' | 'js' = 'wasm') => module!.spares[engine]

describe('spare memories', () => {
  const memory = (pages: number) => new WebAssembly.Memory({ initial: pages })

  it('are given to who asks for their length, the latest first, and once', () => {
    const spares = new SpareMemories()
    const [small, large] = [memory(1), memory(3)]
    spares.keep({ memory: large, written: 70_000 })
    spares.keep({ memory: small, written: 64 })
    expect(spares.take({ least: 0, most: PAGE - 1 })).toBeUndefined()
    expect(spares.take({ least: 2 * PAGE, most: 3 * PAGE })).toEqual({ memory: large, written: 70_000 })
    expect(spares.take(ANY)?.memory).toBe(small)
    expect(spares.take(ANY)).toBeUndefined()
  })

  it('are few, and none is large', () => {
    const spares = new SpareMemories()
    const all = Array.from({ length: 5 }, () => memory(1))
    for (const each of all) spares.keep({ memory: each, written: 0 })
    spares.keep({ memory: memory(1_025), written: 0 })
    for (const each of all.slice(1).reverse()) expect(spares.take(ANY)?.memory).toBe(each)
    expect(spares.take(ANY)).toBeUndefined()
  })
})

it('kernels come back with the memory they were over, and with no other', async () => {
  const { module } = await ownRuntime()
  const make = () => createEngine({ engine: 'wasm', module, maxBytes: 2 ** 20 })
  const [first, other] = [await make(), await make()]
  expect(other.kernels).not.toBe(first.kernels)
  first.leave!(0)
  const next = await make()
  expect(next.kernels).toBe(first.kernels)
  next.memory.f64[0] = 7
  next.kernels.fillF64(0, 1, 8)
  expect(next.memory.f64[0]).toBe(8)
})

describe('a job leaves its memory', () => {
  const numbers = pipeline(schema({ x: f64() }))

  it('when all of its rows are through', async () => {
    const runtime = await ownRuntime()
    const batches: Float64Array[] = []
    const onBatch = (batch: { column(name: string): unknown }) => void batches.push(batch.column('x') as Float64Array)
    const job = await numbers.run({ runtime, onBatch })
    job.push({ x: 1 })
    const counts = job.counts()
    await job.drain()
    expect(job.counts()).toEqual({ ...counts, delivered: 1, queued: 0 })
    const { memory, written } = sparesOf(runtime).take(ANY)!
    const { buffer } = memory as WebAssembly.Memory
    expect(buffer).toBe(batches[0]!.buffer)
    expect(written).toBeLessThanOrEqual(buffer.byteLength)
    expect(new Uint8Array(buffer, written).every(byte => byte === 0)).toBe(true)
  })

  it('not when it has failed, or left rows behind', async () => {
    const runtime = await ownRuntime()
    const failing = await numbers.run({ runtime, sink: () => Promise.reject(new Error('no')) })
    failing.push({ x: 1 })
    await expect(failing.drain()).rejects.toMatchObject({ code: 'SINK_FAILED' })
    const stopped = await numbers.run({ runtime, sink: [] })
    await stopped.stop({ drain: false })
    expect(sparesOf(runtime).take(ANY)).toBeUndefined()
  })

  it('and the next takes it, unless that may not have so much', async () => {
    const runtime = await ownRuntime()
    const left = new WebAssembly.Memory({ initial: 512 })
    const run = async (maxMemory: number) => {
      sparesOf(runtime).keep({ memory: left, written: left.buffer.byteLength })
      await (await pipeline(schema({ x: f64() }), { maxMemory }).run({ runtime, sink: [] })).drain()
      return sparesOf(runtime).take(ANY)!.memory === left
    }
    expect(await run(512 * PAGE)).toBe(true)
    expect(await run(511 * PAGE)).toBe(false)
  })
})

const aggregates = ({ n, key }: { n: NumberExpression<boolean, 'row'>; key: StringExpression<boolean, 'row'> }) => ({
  rows: count(),
  total: sum(n),
  last: last(n),
  keys: distinctCount(key),
  middle: median(n),
  all: collect(n, { max: 20 }),
})

/** Memory in which nothing is zero, longer than what a job of these needs. */
const GARBAGE = { wasm: new WebAssembly.Memory({ initial: 256 }), js: new ArrayBuffer(256 * PAGE) }
const ROWS = eventRows(300)

describe('a job on memory that another has written gives what it gives on new memory', () => {
  const streamOf = (engine: 'wasm' | 'js') =>
    pipeline(events, { engine, maxBatch: 64, bufferSize: 1_024 }).eventTime('time', { outOfOrdernessMs: 10 })

  async function resultsOf(
    build: (stream: ReturnType<typeof streamOf>) => never,
    engine: 'wasm' | 'js',
    runtime: Runtime,
  ) {
    const results: string[] = []
    const options = { clock: new VirtualClock(0), sink: (row: never) => void results.push(textOf(row)), runtime }
    const built = build(streamOf(engine)) as ReturnType<typeof streamOf>
    const job = await built.run(options as never)
    for (let at = 0; at < ROWS.length; at += 100) await job.pushMany(ROWS.slice(at, at + 100) as never)
    const { numLateRecordsDropped: late } = await job.drain()
    return { results, late }
  }

  async function expectTheSame(build: Parameters<typeof resultsOf>[0]) {
    const onNew = await resultsOf(build, 'js', await createRuntime({ engine: 'js' }))
    for (const engine of ['wasm', 'js'] as const) {
      const runtime = await ownRuntime()
      const memory = GARBAGE[engine]
      new Uint8Array(memory instanceof ArrayBuffer ? memory : memory.buffer).fill(0xa5)
      sparesOf(runtime, engine).keep({ memory, written: 256 * PAGE })
      expect(await resultsOf(build, engine, runtime)).toEqual(onNew)
      expect(sparesOf(runtime, engine).take(ANY)?.memory).toBe(memory)
    }
  }

  const named = Object.entries(WINDOWS).flatMap(([kind, manners]) =>
    Object.entries(manners).map(([manner, window]) => [`${kind}, ${manner}`, window] as const),
  )
  it.each(named)('%s', async (_, window) => {
    const given = window.kind === 'global' ? { ...window, unbounded: true, fireAtEnd: true } : window
    await expectTheSame(stream => {
      const windowed = stream.keyBy('key').window(given as never)
      return windowed.aggregate(aggregates as never) as never
    })
  })

  it.each(Object.entries(ROW_WINDOWS))('%s', async (_, window) => {
    await expectTheSame(stream => stream.window(window as RowWindowSpec<'current'>).rows() as never)
  })
})
