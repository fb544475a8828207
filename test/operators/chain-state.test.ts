import { describe, expect, it } from 'vitest'
import type { Processor } from '../../src/connector/processor.ts'
import { EventfluxError } from '../../src/errors.ts'
import { count, first, max, sum } from '../../src/expression/aggregates.ts'
import { distinctCount } from '../../src/expression/distribution-aggregates.ts'
import { coalesce, ifElse } from '../../src/expression/functions.ts'
import { aggregateOf } from '../../src/expression/user-aggregate.ts'
import { createEngineSync } from '../../src/kernels/engine.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { ChainInstance } from '../../src/testing/chain-instance.ts'
import { verifyPipeline } from '../../src/testing/operator-harness.ts'
import { tumbling } from '../../src/time/windows.ts'
import { kernels } from '../../src/wasm/packaged/inline.ts'
import { eventRows, events } from './state-events.ts'

const rows = eventRows(30)
const options = { batchSizes: [1, 7] }
const timed = pipeline(events).eventTime('time', { outOfOrdernessMs: 15 })
const window = tumbling(25)

/** A key that is small in the beginning, then not. */
const numbered = schema({ time: timestamp(), id: i32(), n: i32() })
const numberedRows = Array.from({ length: 30 }, (_, i) => ({
  time: i * 10,
  id: i < 15 ? i % 4 : [-1, 2 ** 31 - 1, 3, 70_000][i % 4]!,
  n: i,
}))

const totals = schema({ at: timestamp(), key: utf8(), total: i32() })
/** Sums by key for ever, and tells all of them 30 ms after the first row and every 30 ms from then on. */
const totalling = (): Processor<{ key: string; n: number }, { at: number; key: string; total: number }> => {
  let sums = new Map<string, number>()
  let isWaiting = false
  return {
    process({ key, n }, emit, { setTimer }) {
      sums.set(key, (sums.get(key) ?? 0) + n)
      if (!isWaiting) setTimer(30)
      isWaiting = true
      if (n % 3 === 0) emit({ at: n, key: `${key}!`, total: sums.get(key)! })
    },
    onTimer(at, emit, { setTimer }) {
      for (const [key, total] of sums) emit({ at, key, total })
      setTimer(at + 30)
    },
    onWatermark(watermark, emit) {
      if (watermark === Number.POSITIVE_INFINITY) emit({ at: 999, key: 'the end', total: sums.size })
    },
    snapshot: () => ({ sums, isWaiting }),
    restore(state) {
      ;({ sums, isWaiting } = state as { sums: Map<string, number>; isWaiting: boolean })
    },
  }
}

describe('a chain', () => {
  it.each<[string, () => { readonly rows: readonly unknown[] }]>([
    [
      'keys of several columns',
      () =>
        verifyPipeline(
          timed
            .keyBy('key', 't', 'x', 'l', 'p')
            .window(window)
            .aggregate(() => ({ n: count() })),
          rows,
          options,
        ),
    ],
    [
      'gaps that are filled',
      () =>
        verifyPipeline(
          timed
            .keyBy('key')
            .window(tumbling(10, { fillEmpty: true }))
            .aggregate(e => ({ n: sum(e.n), t: first(e.t) })),
          rows,
          options,
        ),
    ],
    [
      'no key',
      () =>
        verifyPipeline(
          timed.window(window).aggregate(e => ({ n: count(), t: first(e.t) })),
          rows,
          options,
        ),
    ],
    [
      'a key that outgrows direct addressing',
      () =>
        verifyPipeline(
          pipeline(numbered)
            .eventTime('time')
            .keyBy('id')
            .window(tumbling(40))
            .aggregate(e => ({ n: sum(e.n) })),
          numberedRows,
          options,
        ),
    ],
    [
      'computed texts',
      () =>
        verifyPipeline(
          timed
            .project(e => ({ key: ifElse(e.n.gt(4), e.n.toUtf8(), coalesce(e.t, e.key, 'none')), n: e.n }))
            .keyBy('key')
            .window(window)
            .aggregate(e => ({ n: sum(e.n), texts: distinctCount(e.key), name: max(e.n) })),
          rows,
          options,
        ),
    ],
    [
      'windows over windows and side branches',
      () =>
        verifyPipeline(
          timed
            .tee('side', side =>
              side
                .keyBy('p')
                .window(tumbling(50))
                .aggregate(e => ({ n: count(), t: first(e.t) })),
            )
            .keyBy('key')
            .window(tumbling(20, { lateTo: 'late' }))
            .aggregate(e => ({ n: sum(e.n) }))
            .eventTime('windowEnd')
            .window(tumbling(60))
            .aggregate(e => ({ n: sum(e.n), key: first(e.key) })),
          rows,
          options,
        ),
    ],
    [
      'a processor with timers',
      () =>
        verifyPipeline(
          timed
            .process(totals, totalling)
            .eventTime('at')
            .keyBy('key')
            .window(tumbling(20))
            .aggregate(e => ({ most: max(e.total) })),
          rows,
          { ...options, arrivalMs: (_, i) => 7 * Math.floor(i / 3), endMs: 200 },
        ),
    ],
  ])('with %s goes on where another was cut', (_, verify) => {
    expect(verify().rows.length).toBeGreaterThan(3)
  })

  it('without the state of its processor is told from one with it', () => {
    const forgetful = timed.process(totals, () => {
      const { process, onTimer } = totalling()
      return { process, onTimer: onTimer! }
    })
    expect(() => verifyPipeline(forgetful, rows, options)).toThrow(
      expect.objectContaining({ code: 'HARNESS_FAILED', message: expect.stringMatching(/cut behind \d+ of them/) }),
    )
  })
})

/** A chain in the middle of its rows. */
function cut(stream: { readonly plan: typeof timed.plan }, engine: 'wasm' | 'js' = 'js'): ChainInstance {
  const instance = instanceOf(stream, engine)
  for (let at = 0; at < 20; at += 5) instance.process(rows.slice(at, at + 5))
  return instance
}
const instanceOf = ({ plan }: { readonly plan: typeof timed.plan }, engine: 'wasm' | 'js' = 'js', maxKeys = 1_000) =>
  new ChainInstance(plan, {
    engine: createEngineSync({ engine, maxBytes: 2 ** 26, module: kernels }),
    maxBatch: 8,
    maxKeys,
    fullEvery: 0,
    startMs: 0,
  })

function codeOf(run: () => unknown): string | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (error instanceof EventfluxError) return error.code
    throw error
  }
}

describe('the state of a chain', () => {
  const windowed = timed
    .keyBy('key')
    .window(window)
    .aggregate(e => ({ n: sum(e.n), t: first(e.t), d: distinctCount(e.t) }))

  it('is the same bytes from either engine', () => {
    expect(cut(windowed, 'wasm').snapshot()).toEqual(cut(windowed, 'js').snapshot())
  })

  it('is the same bytes after it has been restored', () => {
    const bytes = cut(windowed).snapshot()
    const again = instanceOf(windowed, 'wasm')
    again.restore(bytes)
    expect(again.snapshot()).toEqual(bytes)
  })

  it.each([
    [
      'another size',
      timed
        .keyBy('key')
        .window(tumbling(26))
        .aggregate(e => ({ n: sum(e.n), t: first(e.t), d: distinctCount(e.t) })),
    ],
    [
      'another aggregate',
      timed
        .keyBy('key')
        .window(window)
        .aggregate(e => ({ n: max(e.n), t: first(e.t), d: distinctCount(e.t) })),
    ],
    [
      'another key',
      timed
        .keyBy('p')
        .window(window)
        .aggregate(e => ({ n: sum(e.n), t: first(e.t), d: distinctCount(e.t) })),
    ],
  ])('is refused where it is restored into windows of %s', (_, other) => {
    expect(codeOf(() => instanceOf(other).restore(cut(windowed).snapshot()))).toBe('CHECKPOINT_MISMATCH')
  })

  it('is refused where there are other steps', () => {
    const bytes = cut(windowed).snapshot()
    expect(codeOf(() => instanceOf(timed).restore(bytes))).toBe('CHECKPOINT_MISMATCH')
  })

  it('is refused where fewer keys are allowed', () => {
    expect(codeOf(() => instanceOf(windowed, 'js', 2).restore(cut(windowed).snapshot()))).toBe('CHECKPOINT_MISMATCH')
  })

  it('is an error that names the aggregate when it keeps what has no bytes', () => {
    class Sum {
      total = 0
    }
    const classy = aggregateOf({
      name: 'classy',
      create: () => new Sum(),
      add(kept, value: number) {
        kept.total += value
        return kept
      },
      result: ({ total }) => total,
    })
    const instance = cut(
      timed
        .keyBy('key')
        .window(window)
        .aggregate(e => ({ n: classy(e.n) })),
    )
    expect(() => instance.snapshot()).toThrow(
      expect.objectContaining({
        code: 'CHECKPOINT_UNSUPPORTED',
        at: 'classy',
        message: expect.stringContaining('a Sum'),
      }),
    )
  })
})
