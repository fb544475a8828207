import { describe, expect, test } from 'vitest'
import type { Emit, Processor, ProcessorContext } from '../../src/connector/processor.ts'
import { ProcessorChain } from '../../src/connector/processor-chain.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

type Row = { time: number; n: number }
const rows = schema({ time: timestamp(), n: i32() })
const events: Row[] = [1, 2, 3].map(n => ({ time: n, n }))
const start = pipeline(rows).eventTime('time')
const broken = async (): Promise<never> => {
  throw new Error('nobody looks at this')
}

describe('what answers with a promise', () => {
  test.each([
    ['mapRows', start.mapRows(rows, (async (row: Row) => row) as never)],
    ['filterRows', start.filterRows((async () => false) as never)],
    ['filterRows that fails', start.filterRows(broken as never)],
    ['process', start.process(rows, () => ({ process: async (row: Row, emit: Emit<Row>) => emit(row) }) as never)],
    ['process that fails', start.process(rows, () => ({ process: broken }) as never)],
    [
      'onWatermark',
      start.process(
        rows,
        () => ({ process: (row: Row, emit: Emit<Row>) => emit(row), onWatermark: async () => {} }) as never,
      ),
    ],
    [
      'onTimer',
      start.process(
        rows,
        () =>
          ({
            process: (_row: Row, _emit: Emit<Row>, context: ProcessorContext) => context.setTimer(0),
            onTimer: async () => {},
          }) as never,
      ),
    ],
  ])('is told that rows are not waited for: %s', async (_, late) => {
    const job = await late.run({ sink: [] })
    job.pushMany(events)
    await expect(job.done).rejects.toMatchObject({
      code: 'STAGE_FAILED',
      message: expect.stringContaining('gave a promise'),
    })
  })

  test('follows the policy of its stage', async () => {
    const job = await start
      .filterRows((async () => true) as never, { name: 'async' })
      .run({ source: events, sink: [], errors: { async: 'skip' } })
    expect(await job.done).toMatchObject({ delivered: 3, failed: 3, skipped: 3 })
  })

  test('is refused in a chain, too', () => {
    const chain = new ProcessorChain<number, number>([
      { name: 'late', process: (async (n: number, emit: Emit<number>) => emit(n)) as never },
    ])
    expect(() => chain.process(1, () => {})).toThrow(/"late" failed on a row: it gave a promise/)
  })
})

describe('what is emitted after the callback has returned', () => {
  type Callbacks = Omit<Processor<Row, Row>, 'name'>
  const late: [when: string, make: (keep: (emit: () => void) => void) => Callbacks][] = [
    ['behind a row', keep => ({ process: (row, emit) => keep(() => emit(row)) })],
    [
      'behind a row it failed on',
      keep => ({
        process: (row, emit) => {
          keep(() => emit(row))
          throw new Error('and it fails')
        },
      }),
    ],
    [
      'behind a watermark',
      keep => ({ process: (row, emit) => emit(row), onWatermark: (_, emit) => keep(() => emit(events[0]!)) }),
    ],
    [
      'behind a timer',
      keep => ({
        process: (_row, _emit, context) => context.setTimer(1),
        onTimer: (_, emit) => keep(() => emit(events[0]!)),
      }),
    ],
  ]
  const tooLate = expect.objectContaining({ code: 'STAGE_FAILED', at: 'mine', value: events[0] })

  test.each(late)('is refused where it is emitted, and goes nowhere: %s', async (_, make) => {
    const kept: (() => void)[] = []
    const out: Row[] = []
    const clock = new VirtualClock()
    const job = await start
      .process(rows, () => make(emit => void kept.push(emit)), { name: 'mine' })
      .run({ sink: out, clock, errors: { mine: 'skip' } })
    await job.pushMany(events.slice(0, 1))
    await job.flush()
    clock.advance(1)
    await job.flush()
    const before = out.length
    expect(kept[0]).toThrow(tooLate)
    await job.pushMany(events.slice(1, 2))
    expect(kept[0]).toThrow(tooLate)
    await job.drain()
    expect(kept[0]).toThrow(tooLate)
    expect(out.filter(({ n }) => n === 1).length).toBe(before)
  })

  test.each(['fail', 'skip'] as const)('is refused in a chain, too, whose policy is %s', errors => {
    const kept: (() => void)[] = []
    const out: number[] = []
    const hesitant: Processor<number, number> = {
      name: 'hesitant',
      process: (n, emit) => {
        emit(n)
        kept.push(() => emit(-n))
      },
    }
    const twice: Processor<number, number> = { process: (n, emit) => [n, n].forEach(emit) }
    const chain = new ProcessorChain<number, number>([twice, hesitant, twice], { errors })
    for (const n of [1, 2]) {
      chain.process(n, row => void out.push(row))
      for (const emit of kept) expect(emit).toThrow(/^"hesitant" emitted a row after it had returned/)
    }
    expect(out).toEqual([1, 1, 1, 1, 2, 2, 2, 2])
  })
})

describe('what is no processor', () => {
  const function_ = ((row: Row, emit: (row: Row) => void) => emit(row)) as never as Processor<Row, Row>

  test('is refused where a chain is made of it', () => {
    for (const processor of [function_, undefined, {}])
      expect(() => new ProcessorChain([processor as never])).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', at: 'stage 1' }),
      )
  })

  test.each([[function_], [undefined], [{}]])('is refused where a pipeline begins with it: %o', async made => {
    const running = start.process(rows, () => made as never, { name: 'mine' }).run({ source: events, sink: [] })
    await expect(running).rejects.toMatchObject({ code: 'OPTION_INVALID', at: 'mine' })
  })
})

describe('what a processor does beside rows', () => {
  const refused = new RangeError('not now')
  const throwing = () => {
    throw refused
  }
  const pass: Processor<Row, Row>['process'] = (row, emit) => emit(row)

  test.each<[string, () => Processor<Row, Row>]>([
    ['onWatermark', () => ({ process: pass, onWatermark: throwing })],
    ['onTimer', () => ({ process: (_row, _emit, context) => context.setTimer(0), onTimer: throwing })],
  ])('fails by the name of its stage: %s', async (callback, make) => {
    const job = await start.process(rows, make, { name: 'mine' }).run({ sink: [], errors: { mine: 'skip' } })
    job.pushMany(events)
    const message = `"mine" failed in ${callback}: not now`
    await expect(job.done).rejects.toMatchObject({ code: 'STAGE_FAILED', at: 'mine', message, cause: refused })
  })

  test('fails by the name of its stage when it is made', async () => {
    const running = start.process(rows, throwing, { name: 'mine' }).run({ sink: [] })
    await expect(running).rejects.toMatchObject({ code: 'STAGE_FAILED', at: 'mine', cause: refused })
  })

  test.each([[Number.NaN], [undefined], ['5'], [new Date(5)], [5n]])(
    'sets no timer for what is no instant: %o',
    async atMs => {
      const onTimer = () => {}
      const waits: Processor<Row, Row> = {
        process: (_row, _emit, context) => context.setTimer(atMs as never),
        onTimer,
      }
      const job = await start.process(rows, () => waits).run({ source: events, sink: [] })
      const message = expect.stringContaining('setTimer takes milliseconds since the Unix epoch')
      await expect(job.done).rejects.toMatchObject({ code: 'STAGE_FAILED', message })
      expect(() => new ProcessorChain<Row, Row>([waits]).process(events[0]!, () => {})).toThrow(/setTimer takes/)
    },
  )
})
