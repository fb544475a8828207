import { describe, expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import { count, first } from '../../src/expression/aggregates.ts'
import { pipeline, pipelineFromJSON } from '../../src/packaged.ts'
import { f64, i32, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { expectBalanced } from './ledger.harness.ts'

const ENGINES = ['wasm', 'js'] as const
const events = schema({ time: timestamp(), key: i32(), name: utf8() })

/** Runs what must fail: a typed error with the code, and soon (by processor time: machines are shared). */
async function refusal(attempt: () => unknown): Promise<EventfluxError> {
  const began = process.cpuUsage()
  let error: unknown
  try {
    await attempt()
  } catch (thrown) {
    error = thrown
  }
  const { user, system } = process.cpuUsage(began)
  expect((user + system) / 1_000).toBeLessThan(2000)
  expect(error).toBeInstanceOf(EventfluxError)
  return error as EventfluxError
}

const nested = (depth: number): unknown => {
  let node: unknown = { kind: 'column', name: 'key' }
  for (let i = 0; i < depth; i++) node = { kind: 'call', fn: 'neg', args: [node] }
  return node
}
const planOf = (...nodes: unknown[]) => ({
  version: 1,
  source: [
    { name: 'time', type: 'timestamp', nullable: false },
    { name: 'key', type: 'i32', nullable: false },
  ],
  nodes,
})

describe('absurd sizes are refused at once, with a typed error', () => {
  it('a schema of 100,000 fields', async () => {
    const fields = Object.fromEntries(Array.from({ length: 1e5 }, (_, i) => [`f${i}`, f64()]))
    expect(await refusal(() => schema(fields))).toMatchObject({ code: 'SCHEMA_INVALID' })
  })

  it.each([
    ['bufferSize', [1e12, Number.NaN, -1, 1.5, 0, Number.POSITIVE_INFINITY, '5', null]],
    ['maxBatch', [1e12, Number.NaN, -1, 1.5, 0]],
    ['maxKeys', [1e12, Number.NaN, -1, 1.5, 0]],
    ['maxMemory', [1e18, Number.NaN, -1, 1.5, 0, 1]],
  ])('%s out of range', async (name, values) => {
    for (const value of values) {
      const error = await refusal(() => pipeline(events, { [name]: value }))
      expect(error).toMatchObject({ code: 'OPTION_INVALID', at: name })
    }
  })

  it.each(ENGINES)('a queue that does not fit the memory, on %s', async engine => {
    const config = { engine, bufferSize: 2 ** 26, maxMemory: 2 ** 20 }
    const error = await refusal(() => pipeline(events, config).run())
    expect(error).toMatchObject({ code: 'STATE_FULL', at: 'bufferSize' })
  })

  it.each(ENGINES)('batches that do not fit the memory, on %s', async engine => {
    const config = { engine, bufferSize: 2 ** 20, maxBatch: 2 ** 20, maxMemory: 2 ** 20 }
    expect(await refusal(() => pipeline(events, config).run())).toMatchObject({ code: 'STATE_FULL' })
  })

  it('waits, factors and sizes of strategies', async () => {
    const strategies = [
      { kind: 'block', timeoutMs: 1e12 },
      { kind: 'block', timeoutMs: Number.NaN },
      { kind: 'unbounded', maxBytes: 0.5 },
      { kind: 'backoff', initialMs: 0, factor: 2, maxMs: 5, attempts: 1 },
      { kind: 'backoff', initialMs: 1, factor: Number.POSITIVE_INFINITY, maxMs: 5, attempts: 1 },
      { kind: 'circuit-breaker', failureThreshold: 1e99, recoveryMs: 1 },
      'no such strategy',
      7,
    ]
    for (const backpressure of strategies) {
      expect(await refusal(() => pipeline(events, { backpressure } as never))).toMatchObject({ code: 'OPTION_INVALID' })
    }
    const job = await pipeline(events, { engine: 'js' }).run({ sink: [] })
    for (const strategy of strategies) {
      const push = () => job.push({ time: 1, key: 1, name: 'a' }, { strategy } as never)
      expect(await refusal(push)).toMatchObject({ code: 'OPTION_INVALID' })
    }
    expectBalanced(job)
    expect(await job.drain()).toMatchObject({ accepted: 0 })
  })

  it.each([300, 10_000, 100_000])('an expression %d deep, by the builder', async depth => {
    const build = () =>
      pipeline(events).project(e => {
        let value = e.key.add(1)
        for (let i = 0; i < depth; i++) value = value.add(1)
        return { value }
      })
    expect(await refusal(build)).toMatchObject({ code: 'EXPRESSION_INVALID' })
  })

  it.each([300, 10_000, 100_000])('an expression %d deep, as data', async depth => {
    const plan = planOf({ op: 'project', columns: [{ name: 'value', expression: nested(depth) }] })
    expect(await refusal(() => pipelineFromJSON(plan))).toMatchObject({ code: 'EXPRESSION_INVALID' })
    // Written by hand: JSON.stringify itself gives up on such depths.
    const open = '{"kind":"call","fn":"neg","args":['.repeat(depth)
    const deep = `${open}{"kind":"column","name":"key"}${']}'.repeat(depth)}`
    const text = JSON.stringify(planOf({ op: 'filter', predicate: '?' })).replace('"?"', deep)
    expect(await refusal(() => pipelineFromJSON(text))).toMatchObject({ code: 'EXPRESSION_INVALID' })
  })

  it('a wide expression as data', async () => {
    const args = Array.from({ length: 1e6 }, () => ({ kind: 'literal', type: 'bool', value: true }))
    const plan = planOf({ op: 'filter', predicate: { kind: 'call', fn: 'and', args } })
    expect(await refusal(() => pipelineFromJSON(plan))).toMatchObject({ code: 'EXPRESSION_INVALID' })
  })

  it('a plan of 100,000 steps, and branches in branches', async () => {
    const filter = { op: 'filter', predicate: { kind: 'literal', type: 'bool', value: true } }
    const steps = planOf(...Array.from({ length: 1e5 }, () => filter))
    expect(await refusal(() => pipelineFromJSON(steps))).toMatchObject({ code: 'PLAN_INVALID' })
    let branch: unknown = filter
    for (let i = 0; i < 5000; i++) branch = { op: 'tee', name: `t${i}`, plan: [branch] }
    expect(await refusal(() => pipelineFromJSON(planOf(branch)))).toMatchObject({ code: 'PLAN_INVALID' })
  })

  it('a sparse array of 2^32 - 1 steps, and text of a hundred megabytes that is no JSON', async () => {
    const nodes: unknown[] = []
    nodes.length = 2 ** 32 - 1
    expect(await refusal(() => pipelineFromJSON({ ...planOf(), nodes }))).toMatchObject({ code: 'PLAN_INVALID' })
    expect(await refusal(() => pipelineFromJSON('['.repeat(1e8)))).toMatchObject({ code: 'PLAN_INVALID' })
  })
})

describe('a hostile plan', () => {
  const literal = { kind: 'literal', type: 'bool', value: true }

  it.each([
    ['nothing', undefined],
    ['null', null],
    ['a list', []],
    ['a number', 1],
    ['another version', { ...planOf(), version: 2 }],
    ['no source', { version: 1, nodes: [] }],
    ['an empty source', { version: 1, source: [], nodes: [] }],
    [
      'a source called __proto__',
      { version: 1, source: [{ name: '__proto__', type: 'f64', nullable: false }], nodes: [] },
    ],
    [
      'a source called constructor',
      { version: 1, source: [{ name: 'constructor', type: 'f64', nullable: false }], nodes: [] },
    ],
    ['a column twice', { version: 1, source: [...planOf().source, ...planOf().source], nodes: [] }],
    [
      'a type from the prototype',
      { version: 1, source: [{ name: 'a', type: 'toString', nullable: false }], nodes: [] },
    ],
    ['steps that are no list', { ...planOf(), nodes: { length: 3 } }],
    ['an unknown step', planOf({ op: 'evil' })],
    ['a step from the prototype', planOf({ op: 'constructor' })],
    ['a step that is a list', planOf([])],
    ['an unknown function', planOf({ op: 'filter', predicate: { kind: 'call', fn: 'eval', args: [literal] } })],
    [
      'a function from the prototype',
      planOf({ op: 'filter', predicate: { kind: 'call', fn: 'hasOwnProperty', args: [literal] } }),
    ],
    ['a column from the prototype', planOf({ op: 'filter', predicate: { kind: 'column', name: '__proto__' } })],
    ['a filter by a number', planOf({ op: 'filter', predicate: { kind: 'column', name: 'key' } })],
    [
      'a literal that its type cannot hold',
      planOf({ op: 'filter', predicate: { kind: 'literal', type: 'i32', value: 1e300 } }),
    ],
    ['an aggregate over rows', planOf({ op: 'filter', predicate: { kind: 'aggregate', fn: 'count', args: [] } })],
    ['a result called __proto__', planOf({ op: 'project', columns: [{ name: '__proto__', expression: literal }] })],
    [
      'a window without time',
      planOf({
        op: 'windowAggregate',
        keys: [],
        window: { kind: 'tumbling', sizeMs: 1, offsetMs: 0 },
        results: [{ name: 'n', result: { kind: 'aggregate', fn: 'count', args: [] } }],
      }),
    ],
    [
      'a window of no time',
      planOf(
        { op: 'eventTime', column: 'time', outOfOrdernessMs: 0, allowedLatenessMs: 0 },
        {
          op: 'windowAggregate',
          keys: [],
          window: { kind: 'tumbling', sizeMs: 0, offsetMs: 0 },
          results: [{ name: 'n', result: { kind: 'aggregate', fn: 'count', args: [] } }],
        },
      ),
    ],
    [
      'a lateness below nothing',
      planOf({ op: 'eventTime', column: 'time', outOfOrdernessMs: -1, allowedLatenessMs: 0 }),
    ],
    [
      'code to load',
      planOf({ op: 'filterRows', fn: { module: 'node:fs', export: 'rmSync' }, name: 'x', output: planOf().source }),
    ],
    ['a branch that names a prototype', planOf({ op: 'tee', name: '__proto__', plan: [] })],
  ])('is refused with a typed error: %s', async (_, plan) => {
    const error = await refusal(() => pipelineFromJSON(plan))
    expect(error.code).toMatch(/^(PLAN|SCHEMA|EXPRESSION|OPTION)_INVALID$/)
  })

  it('reaches no prototype by its own __proto__ properties', () => {
    const text = JSON.stringify(planOf({ op: 'filter', predicate: literal })).replaceAll(
      '{',
      '{"__proto__":{"polluted":1,"op":"evil"},',
    )
    // Own properties of that name are no properties of nodes: ignored, like any other.
    const { plan } = pipelineFromJSON(text)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    expect(plan).toEqual(pipelineFromJSON(planOf({ op: 'filter', predicate: literal })).plan)
    expect(Object.isFrozen(plan)).toBe(true)
  })
})

describe.each(ENGINES)('state past its bound fails the job with STATE_FULL on the %s engine', engine => {
  const windowed = (config: object) => pipeline(events, { engine, ...config }).eventTime('time')

  it('more integer keys than maxKeys', async () => {
    const job = await windowed({ maxKeys: 100 })
      .keyBy('key')
      .window(tumbling('1s'))
      .aggregate(() => ({ n: count() }))
      .run({ sink: [] })
    const outcome = job.done.catch(error => error)
    for (let key = 0; key < 5000 && job.state === 'running'; key++) job.push({ time: 1, key: key * 7919, name: 'a' })
    await job.drain().catch(() => {})
    expect(await outcome).toMatchObject({ name: 'EventfluxError', code: 'STATE_FULL' })
    expect(job.state).toBe('failed')
    expectBalanced(job)
  })

  it('more distinct strings than maxKeys', async () => {
    const job = await windowed({ maxKeys: 100 })
      .keyBy('name')
      .window(tumbling('1s'))
      .aggregate(() => ({ n: count() }))
      .run({ sink: [] })
    const thrown: unknown[] = []
    for (let i = 0; i < 5000 && job.state === 'running'; i++) {
      try {
        job.push({ time: 1, key: 1, name: `n${i}` })
      } catch (error) {
        thrown.push(error)
      }
    }
    await expect(job.done).rejects.toMatchObject({ code: 'STATE_FULL' })
    expect(job.state).toBe('failed')
    for (const error of thrown) expect(error).toMatchObject({ code: 'STATE_FULL' })
    expectBalanced(job)
  })

  it('more state than maxMemory', async () => {
    const job = await windowed({ maxMemory: 2 ** 21, maxBatch: 4_096, maxKeys: 2 ** 24 })
      .keyBy('key')
      .window(tumbling('1s'))
      .aggregate(e => ({ n: count(), name: first(e.name) }))
      .run({ sink: [] })
    const outcome = job.done.catch(error => error)
    for (let i = 0; i < 2e5 && job.state === 'running'; i++) job.push({ time: 1, key: i * 7919, name: 'a' })
    await job.drain().catch(() => {})
    expect(await outcome).toMatchObject({ name: 'EventfluxError', code: 'STATE_FULL' })
    expectBalanced(job)
  })

  it('more windows open at once than fit', async () => {
    const job = await pipeline(schema({ time: timestamp(), big: i64() }), {
      engine,
      maxMemory: 2 ** 21,
      maxBatch: 4_096,
    })
      .eventTime('time', { outOfOrdernessMs: 2 ** 52 })
      .keyBy('big')
      .window(tumbling(1))
      .aggregate(() => ({ n: count() }))
      .run({ sink: [] })
    const outcome = job.done.catch(error => error)
    for (let i = 0; i < 1e5 && job.state === 'running'; i++) job.push({ time: i * 1e6, big: BigInt(i) })
    await job.drain().catch(() => {})
    expect(await outcome).toMatchObject({ name: 'EventfluxError', code: 'STATE_FULL' })
  })

  it('an unbounded queue tells each doubling, until its listener stops listening', async () => {
    const job = await pipeline(events, { engine, bufferSize: 64, backpressure: 'unbounded' }).run({
      sink: () => new Promise<void>(() => {}),
    })
    const grown: number[] = []
    const stop = job.onGrow(({ capacity, bytes }) => {
      expect(bytes).toBeGreaterThan(capacity * 8)
      grown.push(capacity)
    })
    const push = (count: number) => {
      for (let i = 0; i < count; i++) expect(job.push({ time: 1, key: i, name: 'a' })).toBe(true)
    }
    push(64)
    expect(grown).toEqual([])
    push(1)
    expect(grown).toEqual([64 + 128])
    push(128)
    expect(grown).toEqual([192, 192 + 256])
    stop()
    push(1_000)
    expect(grown).toHaveLength(2)
    await job.stop({ drain: false })
  })

  it('a listener of growth that throws ends the job', async () => {
    const job = await pipeline(events, { engine, bufferSize: 1, backpressure: 'unbounded' }).run({
      sink: () => new Promise<void>(() => {}),
    })
    job.onGrow(() => {
      throw new Error('too much')
    })
    const refused = Array.from({ length: 4 }, () => job.push({ time: 1, key: 1, name: 'a' })).filter(
      result => result !== true,
    )
    await expect(job.done).rejects.toMatchObject({ code: 'STAGE_FAILED', message: expect.stringContaining('too much') })
    expect(refused.length).toBeGreaterThan(0)
    expectBalanced(job)
  })

  it('a listener of pressure that throws ends the job, and no push throws for it', async () => {
    const job = await pipeline(events, { engine, bufferSize: 4, backpressure: 'drop-newest', metrics: 'basic' }).run({
      sink: () => new Promise<void>(() => {}),
      maxInFlight: 1,
    })
    job.onPressure(() => {
      throw new Error('too full')
    })
    const results = []
    for (let i = 0; i < 16; i++) {
      results.push(job.push({ time: 1, key: 1, name: 'a' }))
      await Promise.resolve()
    }
    await expect(job.done).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: 'a listener of onPressure threw: too full',
    })
    expect(results.at(-1)).toMatchObject({ ok: false })
    expectBalanced(job)
  })

  it('an unbounded queue past maxBytes fails with BACKPRESSURE, and keeps what it has counted', async () => {
    const job = await pipeline(events, {
      engine,
      bufferSize: 64,
      backpressure: { kind: 'unbounded', maxBytes: 20_000 },
    }).run({ sink: () => new Promise<void>(() => {}) })
    const outcome = job.done.catch(error => error)
    let thrown: unknown
    try {
      for (let i = 0; i < 1e5; i++) job.push({ time: 1, key: i, name: 'a' })
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({ code: 'BACKPRESSURE' })
    expect(await outcome).toBe(thrown)
    expectBalanced(job)
    expect(job.counts()).toMatchObject({ rejectedFull: 1 })
  })
})
