import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ErrorPolicy, FailedRow } from '../../src/connector/error-policy.ts'
import type { Emit, Processor } from '../../src/connector/processor.ts'
import { ProcessorChain } from '../../src/connector/processor-chain.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

const flush = () => new Promise(resolve => setImmediate(resolve))

/** A stage as a plain function to a list, which is what the model uses. */
type Expand = (row: string) => string[]
const expands: fc.Arbitrary<Expand> = fc.oneof(
  fc.constant<Expand>(row => [row]),
  fc.constant<Expand>(() => []),
  fc.constant<Expand>(row => [`${row}a`, `${row}b`]),
  fc.nat(3).map<Expand>(length => row => (row.length % 4 > length ? [] : [row, `${row}.`, `<${row}>`])),
)
const processorOf = (expand: Expand): Processor<string, string> => ({
  process(row, emit) {
    for (const output of expand(row)) emit(output)
  },
})
const outputsOf = (chain: ProcessorChain<string, string>, rows: readonly string[]): string[] => {
  const outputs: string[] = []
  for (const row of rows) void chain.process(row, output => outputs.push(output))
  return outputs
}

describe('order', () => {
  test.each<[string, ErrorPolicy]>([
    ['calls', 'fail'],
    ['held outputs', 'skip'],
  ])('the output is what nested flatMaps give, by %s', (_, errors) => {
    fc.assert(
      fc.property(
        fc.array(expands, { maxLength: 5 }),
        fc.array(fc.string({ maxLength: 5 }), { maxLength: 6 }),
        (stages, rows) => {
          const chain = new ProcessorChain<string, string>(stages.map(processorOf), { errors })
          expect(outputsOf(chain, rows)).toEqual(stages.reduce((all, expand) => all.flatMap(expand), rows))
        },
      ),
    )
  })

  test('a row runs to the end of the chain before its sibling does', () => {
    const seen: string[] = []
    const note = (name: string): Processor<string, string> => ({
      process(row, emit) {
        seen.push(`${name}:${row}`)
        emit(`${row}1`)
        emit(`${row}2`)
      },
    })
    outputsOf(new ProcessorChain([note('A'), note('B')]), ['x'])
    expect(seen).toEqual(['A:x', 'B:x1', 'B:x2'])
    seen.length = 0
    const sink: Processor<string, string> = { process: row => void seen.push(row) }
    outputsOf(new ProcessorChain([note('A'), sink]), ['x', 'y'])
    expect(seen).toEqual(['A:x', 'x1', 'x2', 'A:y', 'y1', 'y2'])
  })
})

describe('failures', () => {
  const passOn: Processor<string, string> = { process: (row, emit) => emit(row) }
  const failing = (bad: string): Processor<string, string> => ({
    name: `not ${bad}`,
    process(row, emit) {
      emit(`${row}!`)
      if (row === bad) throw new Error(`I don't like ${bad}`)
    },
  })

  test('name the stage that failed, not those above it', () => {
    const chain = new ProcessorChain<string, string>([passOn, passOn, failing('b'), passOn])
    expect(() => outputsOf(chain, ['a', 'b', 'c'])).toThrow(
      expect.objectContaining({ code: 'STAGE_FAILED', at: 'not b', value: 'b' }),
    )
    expect(chain.counts.map(counts => counts.failed)).toEqual([0, 0, 1, 0])
  })

  test("can't be swallowed by a stage above", () => {
    const careless: Processor<string, string> = {
      process(row, emit) {
        try {
          emit(row)
        } catch {
          emit('nothing happened')
        }
      },
    }
    const chain = new ProcessorChain<string, string>([careless, failing('b')])
    expect(() => outputsOf(chain, ['b'])).toThrow(expect.objectContaining({ at: 'not b' }))
    expect(chain.counts.map(counts => counts.failed)).toEqual([0, 1])
  })

  test('of whoever takes the output are passed on as they are', () => {
    const full = new Error('full')
    for (const errors of ['fail', 'skip'] as const) {
      const chain = new ProcessorChain<string, string>([passOn], { errors })
      const take: Emit<string> = () => {
        throw full
      }
      expect(() => chain.process('a', take)).toThrow(full)
      expect(chain.counts.map(counts => counts.failed)).toEqual([0])
    }
  })

  test('under skip leave no trace of the row', () => {
    const chain = new ProcessorChain<string, string>([passOn, failing('b')], { errors: ['fail', 'skip'] })
    expect(outputsOf(chain, ['a', 'b', 'c'])).toEqual(['a!', 'c!'])
    expect(chain.counts[1]).toEqual({ failed: 1, retried: 0, skipped: 1, deadLettered: 0 })
  })

  test('under deadLetter go there with the row as that stage saw it', () => {
    const letters: FailedRow[] = []
    const policy: ErrorPolicy = { kind: 'deadLetter', sink: failed => void letters.push(failed) }
    const upper: Processor<string, string> = { process: (row, emit) => emit(row.toUpperCase()) }
    const chain = new ProcessorChain<string, string>([upper, failing('B')], { errors: policy })
    expect(outputsOf(chain, ['a', 'b'])).toEqual(['A!'])
    expect(letters).toMatchObject([{ row: 'B', stage: 'not B', attempt: 1 }])
  })

  test('under retry wait, double nothing, and keep the order of what follows', async () => {
    const clock = new VirtualClock()
    let failures = 2
    const flaky: Processor<string, string> = {
      process(row, emit) {
        emit(`${row}-`)
        if (row === 'x2' && failures-- > 0) throw new Error('not now')
        emit(`${row}+`)
      },
    }
    const split: Processor<string, string> = {
      process(row, emit) {
        for (const n of [1, 2, 3]) emit(`${row}${n}`)
      },
    }
    const policy: ErrorPolicy = { kind: 'retry', attempts: 3, initialMs: 10, factor: 1, maxMs: 10, otherwise: 'fail' }
    const chain = new ProcessorChain<string, string>([split, flaky], { errors: ['fail', policy], clock })
    const outputs: string[] = []
    const waiting = chain.process('x', row => outputs.push(row))
    expect(waiting).toBeInstanceOf(Promise)
    expect(() => chain.process('y', () => {})).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    for (let ms = 0; ms < 30; ms++) {
      await flush()
      clock.advance(1)
    }
    await waiting
    expect(outputs).toEqual(['x1-', 'x1+', 'x2-', 'x2+', 'x3-', 'x3+'])
    expect(chain.counts[1]).toEqual({ failed: 0, retried: 2, skipped: 0, deadLettered: 0 })
    expect(chain.process('y', () => {})).toBeUndefined()
  })

  test('one policy per stage, or none', () => {
    expect(() => new ProcessorChain([passOn], { errors: ['fail', 'fail'] })).toThrow('errors holds 2 policies')
  })
})

describe('time and state', () => {
  /** Holds rows for 10 ms and emits them together; what is left goes out at the end. */
  const batcher = (): Processor<string, string> => {
    let held: string[] = []
    const release = (emit: Emit<string>): void => {
      for (const row of held.splice(0)) emit(row)
    }
    return {
      process(row, _emit, context) {
        if (held.push(row) === 1) context.setTimer(10)
      },
      onTimer: (_atMs, emit) => release(emit),
      onWatermark: (watermark, emit) => void (watermark === Number.POSITIVE_INFINITY && release(emit)),
      snapshot: () => held,
      restore(state) {
        held = (state as string[]).slice()
      },
    }
  }
  const mark = (sign: string): Processor<string, string> => ({ process: (row, emit) => emit(row + sign) })

  test.each<ErrorPolicy>(['fail', 'skip'])(
    'timers reach the stage that set them, and what it emits the next (%s)',
    errors => {
      const chain = new ProcessorChain<string, string>([mark('1'), batcher(), mark('2')], { errors })
      const timers: number[] = []
      const context = { setTimer: (atMs: number) => void timers.push(atMs) }
      const outputs: string[] = []
      const emit: Emit<string> = row => outputs.push(row)
      void chain.process('a', emit, context)
      void chain.process('b', emit, context)
      expect([outputs, timers]).toEqual([[], [10]])
      void chain.onTimer(9, emit, context)
      expect(outputs).toEqual([])
      void chain.onTimer(10, emit, context)
      expect(outputs).toEqual(['a12', 'b12'])
      void chain.onTimer(11, emit, context)
      expect(outputs).toEqual(['a12', 'b12'])
    },
  )

  test('the watermark reaches a stage after what the stage above emitted for it', () => {
    const context = { setTimer: () => {} }
    const outputs: string[] = []
    const chain = new ProcessorChain<string, string>([batcher(), batcher()])
    void chain.process('a', row => outputs.push(row), context)
    void chain.onWatermark(Number.POSITIVE_INFINITY, row => outputs.push(row), context)
    expect(outputs).toEqual(['a'])
  })

  test('a timer without a context is an error that says so', () => {
    const chain = new ProcessorChain<string, string>([batcher()])
    expect(() => chain.process('a', () => {})).toThrow('nothing can fire the timers')
  })

  test('a chain restored at any cut goes on as if never interrupted', () => {
    const context = { setTimer: () => {} }
    const rows = ['a', 'b', 'c', 'd']
    const make = () => new ProcessorChain<string, string>([batcher(), mark('!'), batcher()])
    const run = (cut: number): string[] => {
      const outputs: string[] = []
      const emit: Emit<string> = row => outputs.push(row)
      let chain = make()
      rows.forEach((row, index) => {
        if (index === cut) {
          const state = JSON.parse(JSON.stringify(chain.snapshot()))
          chain = make()
          chain.restore(state)
        }
        if (index === 3) void chain.onTimer(10, emit, context)
        void chain.process(row, emit, context)
      })
      void chain.onWatermark(Number.POSITIVE_INFINITY, emit, context)
      return outputs
    }
    for (let cut = 0; cut <= rows.length; cut++) expect(run(cut)).toEqual(['a!', 'b!', 'c!', 'd!'])
    expect(() => make().restore({ stages: [], timers: [] })).toThrow('the state is of 0 stages')
  })

  test('close closes every stage', async () => {
    const closed: string[] = []
    const stage = (name: string): Processor<string, string> => ({
      ...mark(''),
      close: async () => void closed.push(name),
    })
    await new ProcessorChain([stage('a'), mark(''), stage('b')]).close()
    expect(closed).toEqual(['a', 'b'])
  })
})
