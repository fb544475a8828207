import { describe, expect, it } from 'vitest'
import { count, sum } from '../../../src/expression/aggregates.ts'
import { pipelineFromJSON } from '../../../src/packaged.ts'
import { systemClock } from '../../../src/time/clock.ts'
import type { RowWindowSpec } from '../../../src/time/row-windows.ts'
import { VirtualClock } from '../../../src/time/virtual-clock.ts'
import { delay } from '../../../src/time/window-kinds/delay.ts'
import { externalTimeBatch } from '../../../src/time/window-kinds/external-time-batch.ts'
import { hoppingCount } from '../../../src/time/window-kinds/hopping-count.ts'
import { length } from '../../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../../src/time/window-kinds/length-batch.ts'
import { sort } from '../../../src/time/window-kinds/sort.ts'
import { time } from '../../../src/time/window-kinds/time.ts'
import { timeBatch } from '../../../src/time/window-kinds/time-batch.ts'
import { unique } from '../../../src/time/window-kinds/unique.ts'
import { models, row, runRows } from './window-run.ts'

type Out = Record<string, unknown>
const invalid = (code: string) => expect.objectContaining({ code })

const letters = (text: string) => [...text].map((k, id) => row(id, id, k, id))

describe('a batch', () => {
  it('gives the last row of each group, in the order the groups came up', async () => {
    const stream = models()
      .window(lengthBatch(5))
      .aggregate((e, row) => ({ id: row.id, total: sum(e.v) }), { groupBy: ['k'] })
    // Groups a: 0, 2, 4; b: 1; c: 3. The last of a comes first: its group did.
    expect((await runRows<Out>(stream, letters('abaca'), 10)).map(({ k, id, total }) => [k, id, total])).toEqual([
      ['a', 4, 6],
      ['b', 1, 1],
      ['c', 3, 3],
    ])
  })

  it('gives the last row that meets having, of each group', async () => {
    const stream = models({ maxBatch: 2 })
      .window(lengthBatch(6))
      .aggregate((e, row) => ({ id: row.id, total: sum(e.v) }), { groupBy: ['k'], having: r => r.total.lt(4) })
    // Running totals: a 0, 2, 6; b 1, 4; c 5.
    expect(
      (await runRows<Out>(stream, letters('abacbc'.replace('c', 'a')), 10)).map(({ k, id, total }) => [k, id, total]),
    ).toEqual([
      ['a', 2, 2],
      ['b', 1, 1],
    ])
  })

  it('gives every row where it has no aggregate, or is asked to', async () => {
    const running = models()
      .window(lengthBatch(3, { rows: 'all' }))
      .aggregate(e => ({ n: count(), total: sum(e.v) }))
    expect((await runRows<Out>(running, letters('abc'), 10)).map(({ n, total }) => [n, total])).toEqual([
      [1, 0],
      [2, 1],
      [3, 3],
    ])
    expect(await runRows<Out>(models().window(lengthBatch(3)).rows(), letters('abc'), 10)).toHaveLength(3)
  })

  it('of each row of a window that is none is tested by having on its own', async () => {
    const stream = models()
      .window(length(2))
      .aggregate(e => ({ total: sum(e.v) }), { having: r => r.total.ge(3) })
    expect((await runRows<Out>(stream, letters('aaaa'), 10)).map(({ total }) => total)).toEqual([3, 5])
  })

  it('that is incomplete at the end of the input comes out when it is told to', async () => {
    const totals = async (spec: RowWindowSpec<'current'>): Promise<unknown[]> => {
      const stream = models()
        .window(spec)
        .aggregate(e => ({ total: sum(e.v) }))
      return (await runRows<Out>(stream, letters('aaaaa'), 5)).map(({ total }) => total)
    }
    for (const emitIncomplete of [false, true]) {
      const rest = (total: number) => (emitIncomplete ? [total] : [])
      expect(await totals(lengthBatch(3, { emitIncomplete }))).toEqual([3, ...rest(7)])
      expect(await totals(timeBatch(100, { emitIncomplete }))).toEqual([...rest(10)])
      expect(await totals(externalTimeBatch('ts', 3, { emitIncomplete }))).toEqual([3, ...rest(7)])
      expect(await totals(hoppingCount(2, 2, { emitIncomplete }))).toEqual([1, 5, ...rest(7)])
    }
  })
})

describe('time', () => {
  it('is the column where it is told to be, and moves with the rows only', async () => {
    const rows = [row(0, 0), row(1, 0), row(2, 0), row(3, 0)].map((each, i) => ({ ...each, ts: [0, 4, 9, 2][i]! }))
    const stream = models()
      .window(time(5, { by: 'ts', output: 'all' }))
      .rows()
    const found = await runRows<Out>(stream, rows, 1_000)
    // The last row is late: the clock stays at 9.
    expect(found.map(({ kind, id, windowTime }) => [kind, id, windowTime])).toEqual([
      ['current', 0, 0],
      ['current', 1, 4],
      ['expired', 0, 5],
      ['expired', 1, 9],
      ['current', 2, 9],
      ['current', 3, 9],
    ])
  })

  it('that passes without rows puts an external batch out early, and again when it grows', async () => {
    const rows = [row(0, 0), row(1, 1), row(2, 60), row(3, 200)].map((each, i) => ({ ...each, ts: [0, 1, 2, 50][i]! }))
    const stream = models()
      .window(externalTimeBatch('ts', 10, { timeout: 50, output: 'all', rows: 'all' }))
      .aggregate((_, row) => ({ id: row.id, n: count() }))
    const found = await runRows<Out>(stream, rows, 1_000)
    expect(found.map(({ kind, id, n, windowTime }) => [kind, id, n, windowTime])).toEqual([
      ['current', 0, 1, 1],
      ['current', 1, 2, 1],
      ['expired', 0, 1, 2],
      ['expired', 1, 0, 2],
      ['current', 0, 1, 2],
      ['current', 1, 2, 2],
      ['current', 2, 3, 2],
      // The rows at 50 come out by the timeout too; nothing new of the first batch is left to tell when it closes.
      ['expired', 0, 2, 50],
      ['expired', 1, 1, 50],
      ['expired', 2, 0, 50],
      ['current', 3, 1, 50],
    ])
  })

  it('of ticks does not drift when the rows are looked at late', async () => {
    const clock = new VirtualClock(1_000)
    const out: Out[] = []
    const job = await models()
      .window(timeBatch(10))
      .rows()
      .run({ clock, sink: each => void out.push({ ...each }) })
    for (const [id, at] of [1_003, 1_013, 1_027].entries()) {
      clock.advanceTo(at)
      job.push({ id, ts: 0, k: 'a', v: 0 })
      await job.flush()
    }
    clock.advanceTo(1_100)
    await job.stop()
    expect(out.map(({ windowTime }) => windowTime)).toEqual([1_013, 1_023, 1_033])
  })

  it('stops with the job: no timer is left behind', async () => {
    let [set, cancelled] = [0, 0]
    const clock = {
      ...systemClock,
      after(delayMs: number, callback: () => void) {
        set++
        const cancel = systemClock.after(delayMs, callback)
        return () => {
          cancelled++
          cancel()
        }
      },
    }
    const job = await models().window(time('1h')).rows().run({ clock, sink: [] })
    job.push({ id: 0, ts: 0, k: 'a', v: 0 })
    await job.flush()
    await job.drain()
    expect(set).toBe(1)
    expect(cancelled).toBeGreaterThanOrEqual(1)
  })

  it('far away is waited for in parts: runtimes fire what is more than 31 bits off at once', async () => {
    const delays: number[] = []
    const clock = new VirtualClock(0)
    const after = clock.after.bind(clock)
    clock.after = (delayMs, callback) => {
      delays.push(delayMs)
      return after(delayMs, callback)
    }
    const out: Out[] = []
    const job = await models()
      .window(delay('60d'))
      .rows()
      .run({ clock, sink: each => void out.push({ ...each }) })
    job.push({ id: 0, ts: 0, k: 'a', v: 0 })
    await job.flush()
    clock.advance(60 * 86_400_000 - 1)
    expect(out).toEqual([])
    clock.advance(1)
    expect(out).toMatchObject([{ id: 0, windowTime: 60 * 86_400_000 }])
    expect(Math.max(...delays)).toBeLessThan(2 ** 31)
    await job.stop()
  })
})

describe('state', () => {
  it('over its bound ends the job: rows of a window, keys, groups', async () => {
    const full = invalid('STATE_FULL')
    const rows = letters('abcd')
    await expect(
      runRows(
        models()
          .window(time(100, { maxRows: 3 }))
          .rows(),
        rows,
        5,
      ),
    ).rejects.toEqual(full)
    await expect(
      runRows(
        models()
          .window(unique('k', { maxRows: 3 }))
          .rows(),
        rows,
        5,
      ),
    ).rejects.toEqual(full)
    await expect(
      runRows(
        models({ maxKeys: 4 })
          .window(unique('v', { unbounded: true }))
          .rows(),
        [...rows, row(9, 9)],
        9,
      ),
    ).rejects.toEqual(full)
    const keyed = models({ maxKeys: 8 }).keyBy('v').window(length(1)).rows()
    await expect(runRows(keyed, letters('aaaaaaaaaa'), 9)).rejects.toEqual(full)
    const grouped = models({ maxKeys: 8 })
      .window(length(20))
      .aggregate(() => ({ n: count() }), { groupBy: ['v'] })
    await expect(runRows(grouped, letters('aaaaaaaaaa'), 9)).rejects.toEqual(full)
    expect(
      await runRows(
        models()
          .window(time(100, { maxRows: 4 }))
          .rows(),
        rows,
        5,
      ),
    ).toHaveLength(4)
  })

  it('of keys whose rows have left is forgotten', async () => {
    // Never more than two keys at once, of ten.
    const rows = Array.from({ length: 10 }, (_, id) => row(id, id * 10, String(id)))
    expect(await runRows(models({ maxKeys: 2 }).keyBy('k').window(time(15)).rows(), rows, 200)).toHaveLength(10)
  })

  it('holds no codes of texts: what left the dictionary comes out as it was', async () => {
    // At most 4 texts may be alive, and 30 different ones are held.
    const rows = Array.from({ length: 60 }, (_, id) => row(id, id, `text ${id}`))
    const found = await runRows<Out>(
      models({ maxKeys: 4, maxBatch: 2 })
        .window(length(30, { output: 'all' }))
        .rows(),
      rows,
      99,
    )
    expect(found.filter(({ kind }) => kind === 'expired').map(({ k }) => k)).toEqual(
      rows.slice(0, 30).map(({ k }) => k),
    )
  })

  it('is told by explain()', () => {
    const lines = (spec: RowWindowSpec) => models().window(spec).rows().explain()
    expect(lines(length(5))).toContain('state: 5 rows; of each key')
    expect(lines(lengthBatch(5, { output: 'all' }))).toContain('state: 10 rows')
    expect(lines(time('5s'))).toContain('the rows of 5000 ms of the clock, as many as come (no maxRows)')
    expect(lines(time('5s', { maxRows: 9, by: 'ts' }))).toContain('the rows of 5000 ms of ts, at most 9')
    expect(lines(unique('k', { unbounded: true }))).toContain('a row for each k, at most maxKeys of the job')
  })
})

describe('a window over rows', () => {
  it('goes through a full end batch by batch', async () => {
    let waiting: (() => void) | undefined
    const seen: number[] = []
    const sink = (each: { readonly id: number }) => {
      seen.push(each.id)
      return new Promise<void>(resolve => {
        waiting = resolve
      })
    }
    const job = await models({ maxBatch: 2 }).window(lengthBatch(7)).rows().run({ sink, maxInFlight: 1 })
    void job.pushMany(letters('abcdefg').map(({ id, ts, k, v }) => ({ id, ts, k, v })))
    const done = job.drain()
    for (let i = 0; i < 50; i++) {
      await new Promise(resolve => setTimeout(resolve, 1))
      waiting?.()
    }
    await done
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6])
  })

  it('travels as JSON with all it says', async () => {
    const plans = [
      models()
        .keyBy('k')
        .window(length(3, { output: 'all' }))
        .rows(),
      models()
        .window(timeBatch('1s', { start: 5, rows: 'all', emitIncomplete: true, by: 'ts', maxRows: 7 }))
        .aggregate((e, row) => ({ id: row.id, total: sum(e.v) }), { groupBy: ['k'], having: r => r.total.gt(1) }),
      models()
        .window(sort(3, [['v', 'desc'], 'k']))
        .rows(),
      models()
        .window(unique(['k', 'v'], { ttl: '1m' }))
        .rows(),
      models()
        .window(hoppingCount(5, 2, { waitForFull: false }))
        .aggregate(() => ({ n: count() })),
      models()
        .window(externalTimeBatch('ts', 10, { start: 3, timeout: 4, stampWithEnd: true }))
        .rows(),
    ]
    for (const { plan } of plans) expect(pipelineFromJSON(JSON.stringify(plan)).plan).toEqual(plan)
  })

  it('refuses parameters and columns that do not fit, when it is built', () => {
    const option = invalid('OPTION_INVALID')
    const plan = invalid('PLAN_INVALID')
    const loose = (fn: unknown) => fn as (...args: unknown[]) => never
    for (const n of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '3', null]) {
      expect(() => loose(length)(n)).toThrow(option)
      expect(() => loose(lengthBatch)(n)).toThrow(option)
      expect(() => loose(sort)(n, 'v')).toThrow(option)
      expect(() => loose(hoppingCount)(n, 1)).toThrow(option)
    }
    expect(() => hoppingCount(2, 3)).toThrow(option)
    expect(() => time(0)).toThrow(option)
    expect(() => loose(time)('5s', { maxrows: 3 })).toThrow(option)
    expect(() => loose(time)('5s', { output: 'both' })).toThrow(option)
    expect(() => loose(lengthBatch)(5, { rows: 'first' })).toThrow(option)
    expect(() => loose(sort)(3, 5)).toThrow(option)
    expect(() => loose(sort)(3, [['v', 'up']])).toThrow(option)
    expect(() => unique([])).toThrow(option)
    expect(() => unique('k')).toThrow(option)
    expect(() => unique('k', { unbounded: 1 } as never)).toThrow(option)
    for (const bound of [{ ttl: 5 }, { maxRows: 5 }, { unbounded: true }])
      expect(unique('k', bound)).toMatchObject({ kind: 'unique' })
    expect(() => models().window(sort(3, 'nowhere'))).toThrow(plan)
    expect(() => models().window(unique('nowhere', { maxRows: 9 }))).toThrow(plan)
    expect(() => models().window(time(5, { by: 'v' }))).toThrow(plan)
    expect(() => models().window(externalTimeBatch('k', 5))).toThrow(plan)
    expect(() =>
      models()
        .window(length(5))
        .aggregate(() => ({ windowTime: count() })),
    ).toThrow(plan)
    expect(() =>
      models()
        .window(length(5, { output: 'all' }))
        .aggregate(() => ({ kind: count() })),
    ).toThrow(plan)
    expect(() =>
      models()
        .window(length(5))
        .aggregate(() => ({ n: count() }), { groupBy: ['x' as 'k'] }),
    ).toThrow(plan)
    expect(() =>
      models()
        .window(length(5))
        .aggregate(() => ({})),
    ).toThrow(plan)
    expect(() =>
      pipelineFromJSON({
        version: 1,
        source: [],
        nodes: [{ op: 'rowWindow', keys: [], groupBy: [], window: { kind: 'frequent' }, results: [] }],
      }),
    ).toThrow(expect.objectContaining({ name: 'EventfluxError' }))
  })
})
