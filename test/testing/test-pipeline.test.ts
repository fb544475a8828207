import { describe, expect, it, vi } from 'vitest'
import { count, max, sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, i64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { near, type TestPipelineOptions, testPipeline } from '../../src/testing/test-pipeline.ts'
import { timeBatch } from '../../src/time/window-kinds/time-batch.ts'
import { tumbling } from '../../src/time/windows.ts'

const trades = schema({ time: timestamp(), symbol: utf8(), price: f64() })
const trade = (time: number, price: number, symbol = 'ACME') => ({ time, symbol, price })
const stream = pipeline(trades).eventTime('time')
const highs = stream
  .keyBy('symbol')
  .window(tumbling('1m'))
  .aggregate(e => ({ high: max(e.price) }))
const high = (minute: number, value: number, symbol = 'ACME') => ({
  windowStart: minute * 60_000,
  windowEnd: (minute + 1) * 60_000,
  symbol,
  high: value,
})
/** One run is enough where it is the message that counts. */
const ONCE: TestPipelineOptions = { engines: ['js'], batchSizes: [7] }

async function messageOf(test: Promise<void>): Promise<string> {
  const error = await test.then(
    () => undefined,
    (error: unknown) => error,
  )
  return (error as Error | undefined)?.message ?? 'nothing was wrong'
}

describe('a story', () => {
  it('is what happens and what is expected, step by step', async () => {
    await testPipeline(highs, story =>
      story
        .push(trade(1_000, 10), trade(2_000, 12), trade(3_000, 11))
        .expectNothing()
        .push(trade(60_000, 13))
        .expect(high(0, 12))
        .push(trade(59_999, 99))
        .expectNothing()
        .expectCounts({ numLateRecordsDropped: 1 })
        .end()
        .expect(high(1, 13))
        .expectCounts({ offered: 5, accepted: 5, delivered: 5 }),
    )
  })

  it('may be told statement by statement', async () => {
    await testPipeline(highs, story => {
      for (let minute = 0; minute < 5; minute++) story.push(trade(minute * 60_000, minute))
      story.end()
      story.expect(...[0, 1, 2, 3, 4].map(minute => high(minute, minute)))
    })
  })

  it('runs on each engine with each size of batches', async () => {
    const look = vi.fn()
    const told = vi.fn((story: { push(event: ReturnType<typeof trade>): { check(look: () => void): unknown } }) =>
      story.push(trade(0, 1)).check(look),
    )
    await testPipeline(stream, told, { batchSizes: [1, 3, 64] })
    expect(told).toHaveBeenCalledTimes(1)
    expect(look.mock.calls).toEqual(Array.from({ length: 6 }, () => [[trade(0, 1)]]))
    look.mockClear()
    await testPipeline(pipeline(trades, { engine: 'js', maxBatch: 7 }), story => story.push(trade(0, 1)).check(look))
    expect(look).toHaveBeenCalledTimes(3)
  })

  it('moves the clock from timer to timer', async () => {
    const counts = pipeline(trades)
      .window(timeBatch('1s'))
      .aggregate(() => ({ trades: count() }))
    await testPipeline(
      counts,
      story =>
        story
          .pushAt(10_000, trade(0, 1), trade(0, 2))
          .advance('999ms')
          .expectNothing()
          .advance(1)
          .expect({ windowTime: 11_000, trades: 2 })
          .push(trade(0, 3))
          .advanceTo(20_000)
          .expect({ windowTime: 12_000, trades: 1 }),
      { startMs: 5_000 },
    )
  })

  it('is typed by the pipeline', () => {
    const untold = (): Promise<void> =>
      testPipeline(highs, story => {
        // @ts-expect-error: an event needs its price
        story.push({ time: 0, symbol: 'ACME' })
        // @ts-expect-error: a high is a number
        story.expect({ windowStart: 0, windowEnd: 60_000, symbol: 'ACME', high: '1' })
        // @ts-expect-error: a row has all its columns
        story.expect({ high: 1 })
        // @ts-expect-error: there is no low
        story.expectPartial({ low: 1 })
        // @ts-expect-error: no error has this code
        story.expectError('NOTHING')
        story.expectPartial({ high: value => value > 1 })
      })
    expect(untold).toBeTypeOf('function')
  })

  it('does not mind timers that a test framework has replaced', async () => {
    vi.useFakeTimers()
    try {
      await testPipeline(highs, story => story.push(trade(0, 1)).end().expect(high(0, 1)))
    } finally {
      vi.useRealTimers()
    }
  })

  it('hears of branches', async () => {
    const teed = stream.tee('large', branch => branch.filter(e => e.price.gt(100)))
    await testPipeline(teed, story =>
      story.push(trade(0, 1), trade(0, 101)).expectBranch('large', trade(0, 101)).expect(trade(0, 1), trade(0, 101)),
    )
    expect(await messageOf(testPipeline(teed, story => story.expectBranch('small'), ONCE))).toContain(
      'There is no branch "small"; the branches are large',
    )
  })

  it('expects events that are thrown back, and goes on', async () => {
    await testPipeline(stream, story =>
      story
        .push(trade(0, 1), { time: 0.5, symbol: 'ACME', price: 2 }, trade(0, 3))
        .expectError('EVENT_INVALID')
        .expect(trade(0, 1), trade(0, 3))
        .expectCounts({ invalid: 1 }),
    )
  })

  it('expects the failure of a job, whatever had come out of the batch that failed', async () => {
    const sums = pipeline(schema({ id: i64() })).project(e => ({ twice: e.id.mul(2n) }))
    await testPipeline(sums, story =>
      story
        .push({ id: 1n })
        .expect({ twice: 2n })
        .push({ id: 2n }, { id: 3n }, { id: 2n ** 62n })
        .expectError('OVERFLOW')
        .expectNothing(),
    )
  })

  it('goes on when what waits for the clock gets its time', async () => {
    const tries = new Map<number, number>()
    const flaky = stream.filterRows(
      ({ price }) => {
        const tried = tries.get(price) ?? 0
        tries.set(price, (tried + 1) % 3)
        if (tried < 2) throw new Error('busy')
        return true
      },
      { name: 'flaky' },
    )
    const errors = {
      flaky: { kind: 'retry', attempts: 5, initialMs: 100, factor: 2, maxMs: 1_000, otherwise: 'fail' },
    } as const
    await testPipeline(
      flaky,
      story =>
        story
          .push(trade(0, 1))
          .expectNothing()
          .advance('10s')
          .expect(trade(0, 1))
          .push(trade(0, 2))
          .end()
          .advance('10s')
          .expect(trade(0, 2)),
      { errors },
    )
    tries.clear()
    expect(await messageOf(testPipeline(flaky, story => story.push(trade(0, 1)).end(), { ...ONCE, errors }))).toContain(
      'The input has ended, but not the job',
    )
  })

  it('takes a function in place of a value, and numbers that are near', async () => {
    const totals = stream.window(tumbling('1m')).aggregate(e => ({ total: sum(e.price), trades: count() }))
    await testPipeline(totals, story =>
      story
        .push(trade(0, 0.1), trade(0, 0.2))
        .end()
        .expectPartial({ total: near(0.3), trades: n => n === 2 }),
    )
  })

  it('takes rows in any order where it is asked to', async () => {
    await testPipeline(highs, story =>
      story
        .push(trade(0, 1, 'A'), trade(0, 2, 'B'))
        .end()
        .expectInAnyOrder(high(0, 2, 'B'), high(0, 1, 'A')),
    )
  })
})

describe('a story that is not true', () => {
  it('says which column of which row is wrong, and how the pipeline ran', async () => {
    const told = testPipeline(
      highs,
      story =>
        story.push(trade(0, 1), trade(60_000, 2), trade(120_000, 3)).end().expect(high(0, 1), high(1, 5), high(2, 3)),
      ONCE,
    )
    expect(await messageOf(told)).toBe(`The rows differ (- expected, + came):

    { windowStart: 0, windowEnd: 60000, symbol: "ACME", high: 1 }
  - { windowStart: 60000, windowEnd: 120000, symbol: "ACME", high: 5 }
  + { windowStart: 60000, windowEnd: 120000, symbol: "ACME", high: 2 }
    row 1, column high: expected 5, came 2
    { windowStart: 120000, windowEnd: 180000, symbol: "ACME", high: 3 }

in step 3 of the story, on js with batches of at most 7`)
  })

  it('shows a row too few or too many as that', async () => {
    const tell = (minutes: readonly number[]) =>
      messageOf(
        testPipeline(
          highs,
          story =>
            story
              .push(trade(0, 1), trade(60_000, 2), trade(120_000, 3))
              .end()
              .expect(...minutes.map(m => high(m, m + 1))),
          ONCE,
        ),
      )
    expect(await tell([0, 2])).toContain(`    { windowStart: 0, windowEnd: 60000, symbol: "ACME", high: 1 }
  + { windowStart: 60000, windowEnd: 120000, symbol: "ACME", high: 2 }
    row 1 is not expected
    { windowStart: 120000, windowEnd: 180000, symbol: "ACME", high: 3 }
`)
    expect(await tell([0, 1, 2, 3])).toContain('\n    row 3 is missing\n')
  })

  it('points to the line of the step', async () => {
    const error: Error = await testPipeline(
      highs,
      story => story.push(trade(0, 1)).end().expect(high(0, 2)),
      ONCE,
    ).then(
      () => expect.fail('it is not true'),
      (error: Error) => error,
    )
    const [, frame] = /\n {4}at ([^\n]*)/.exec(error.stack!)!
    expect(frame).toContain('test-pipeline.test.ts')
  })

  it('is one that leaves rows unmentioned', async () => {
    const message = await messageOf(testPipeline(highs, story => story.expectNothing().push(trade(0, 1)).end(), ONCE))
    expect(message).toContain('At the end there are rows that the story does not expect:')
    expect(message).toContain('+ { windowStart: 0')
  })

  it('is one that does not expect an error that came', async () => {
    const bad = { time: 0.5, symbol: 'ACME', price: 2 }
    expect(await messageOf(testPipeline(stream, story => story.push(bad).push(trade(0, 1)), ONCE))).toMatch(
      /does not expect: EVENT_INVALID .*0\.5.*\n\nin step 2/,
    )
    expect(await messageOf(testPipeline(stream, story => story.push(bad), ONCE))).toContain('in the end of the story')
    expect(await messageOf(testPipeline(stream, story => story.push(bad).expectError('OVERFLOW'), ONCE))).toMatch(
      /Expected an error OVERFLOW[\s\S]*EVENT_INVALID/,
    )
  })

  it('is one that is true with some sizes of batches only', async () => {
    let rows = 0
    const remembering = stream.mapRows(schema({ n: f64() }), () => ({ n: rows++ }))
    expect(await messageOf(testPipeline(remembering, story => story.push(trade(0, 1)), { batchSizes: [1, 2] }))).toBe(
      `The answer depends on how the pipeline runs: row 0
  - on wasm with batches of at most 1: { n: 0 }
  + on wasm with batches of at most 2: { n: 1 }`,
    )
  })

  it('says which counts differ', async () => {
    expect(
      await messageOf(
        testPipeline(stream, story => story.push(trade(0, 1)).expectCounts({ accepted: 2, invalid: 0 }), ONCE),
      ),
    ).toContain('    accepted: expected 2, is 1\n')
  })

  it.each([[[]], [[0]], [[1.5]]])('cannot run with batches of %j', async batchSizes => {
    await expect(testPipeline(stream, () => {}, { batchSizes })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})
