import { describe, expect, it } from 'vitest'
import type { Processor } from '../../src/connector/processor.ts'
import { count, f64, pipeline, pipelineFromJSON, schema, sum, timestamp, tumbling, utf8 } from '../../src/index.ts'
import { stepIds } from '../../src/plan/step-ids.ts'

const trades = schema({ time: timestamp(), symbol: utf8(), price: f64(), size: f64() })
const rows = Array.from({ length: 400 }, (_, i) => ({
  time: i * 100,
  symbol: `S${(i * i) % 7}`,
  price: (i * 37) % 11,
  size: 1 + (i % 4),
}))
const source = pipeline(trades).eventTime('time')
type Stream = typeof source

const volumes = (stream: Stream) =>
  stream
    .keyBy('symbol')
    .window(tumbling('15s'))
    .aggregate(e => ({ trades: count(), volume: sum(e.size), worth: sum(e.price) }))

interface Given {
  readonly plan: Stream['plan']
  run(options: object): Promise<{
    pushMany(rows: readonly Row[]): unknown
    checkpoint(): Promise<{ readonly bytes: Uint8Array }>
    drain(): Promise<unknown>
    stop(options: { readonly drain: false }): Promise<unknown>
  }>
}

/** What comes out of `one` up to the cut, and of `other` from there on; all of it goes into the sinks of these names too. */
async function acrossPlans(one: Given, other: Given, restore: object = {}): Promise<unknown[]> {
  const results: unknown[] = []
  const cut = 230
  const sinks = ({ plan }: Given) =>
    plan.nodes.some(({ op }) => op === 'tee') ? { sink: [], sinks: { side: results } } : { sink: results }
  const first = await one.run(sinks(one))
  first.pushMany(rows.slice(0, cut))
  const { bytes } = await first.checkpoint()
  await first.stop({ drain: false })
  const second = await other.run({ ...sinks(other), restore: { from: bytes, ...restore } })
  second.pushMany(rows.slice(cut))
  await second.drain()
  return results
}

async function uninterrupted(plan: Given): Promise<unknown[]> {
  const results: unknown[] = []
  const job = await plan.run({ sink: results })
  job.pushMany(rows)
  await job.drain()
  return results
}

type Row = { time: number; symbol: string; price: number; size: number }

/** Adds up prices, and gives the sum of all before in place of the price. */
const running = (): Processor<Row, Row> => {
  let total = 0
  return {
    process(row, emit) {
      total += row.price
      emit({ ...row, price: total })
    },
    snapshot: () => total,
    restore(state) {
      total = state as number
    },
  }
}
/** Lets everything through and counts it. */
const passing = (): Processor<Row, Row> => {
  let passed = 0
  return {
    process(row, emit) {
      passed++
      emit(row)
    },
    snapshot: () => passed,
    restore(state) {
      passed = state as number
    },
  }
}

describe('a step with a name', () => {
  it('goes on where it was when other steps come before it, whatever order its columns have then', async () => {
    const named = volumes(source).named('volumes')
    const changed = volumes(
      source
        .filter(e => e.size.gt(0))
        .project(e => ({ size: e.size, symbol: e.symbol, price: e.price, time: e.time })) as unknown as Stream,
    ).named('volumes')
    expect(await acrossPlans(named, changed)).toEqual(await uninterrupted(named))
  })

  it('goes on in a branch, which a step without one does not', async () => {
    const named = volumes(source).named('volumes')
    const moved = (name: (plan: typeof named) => typeof named) =>
      source.tee('side', side => name(volumes(side as Stream)))
    expect(
      await acrossPlans(
        named,
        moved(plan => plan.named('volumes')),
      ),
    ).toEqual(await uninterrupted(named))
    await expect(
      acrossPlans(
        volumes(source),
        moved(plan => plan),
      ),
    ).rejects.toThrow(expect.objectContaining({ code: 'CHECKPOINT_MISMATCH' }))
  })

  it('goes on behind a new one of its kind, which a step without one does not', async () => {
    const named = source.process(trades, running, { name: 'running' }).named('running')
    const plain = source.process(trades, running, { name: 'running' })
    const added = source.process(trades, passing, { name: 'passing' })
    expect(
      await acrossPlans(named, added.process(trades, running, { name: 'running' }).named('running'), {
        allowNew: true,
      }),
    ).toEqual(await uninterrupted(named))
    await expect(
      acrossPlans(plain, added.process(trades, running, { name: 'running' }), { allowNew: true }),
    ).rejects.toThrow(expect.objectContaining({ code: 'CHECKPOINT_MISMATCH' }))
  })

  it('is not counted among those of its kind that have none', () => {
    const ids = (plan: { readonly plan: { readonly nodes: Parameters<typeof stepIds>[0] } }) => [
      ...stepIds(plan.plan.nodes).values(),
    ]
    const filtered = source.filter(e => e.size.gt(0))
    expect(ids(filtered.filter(e => e.price.gt(1)))).toEqual(['eventTime-1', 'filter-1', 'filter-2'])
    expect(ids(filtered.named('large').filter(e => e.price.gt(1)))).toEqual(['eventTime-1', '@large', 'filter-1'])
    expect(ids(source.tee('side', side => side.filter(e => e.size.gt(0)).named('large')))).toEqual([
      'eventTime-1',
      'tee-1',
      '@large',
    ])
  })

  it('keeps it as data, and shows it', () => {
    const named = volumes(source).named('volumes')
    const again = pipelineFromJSON(JSON.parse(JSON.stringify(named)))
    expect(again.plan).toEqual(named.plan)
    expect(again.explain()).toContain('(named volumes)')
  })

  it('is the only one of its name', () => {
    const named = source.filter(e => e.size.gt(0)).named('x')
    expect(() => volumes(named as Stream).named('x')).toThrow('Two steps are called "x"')
    expect(() => named.tee('side', side => volumes(side as Stream).named('x'))).toThrow('Two steps are called "x"')
    expect(() => pipeline(trades).named('x')).toThrow('behind the step')
    for (const name of ['', '__proto__', 'x'.repeat(10_000)]) expect(() => source.named(name)).toThrow(/name|called/)
    const twice = JSON.parse(JSON.stringify(named)) as { nodes: { id?: string }[] }
    twice.nodes[0]!.id = 'x'
    expect(() => pipelineFromJSON(twice)).toThrow('Two steps are called "x"')
  })
})
