import { describe, expect, it } from 'vitest'
import { StateReader } from '../../../src/checkpoint/state-reader.ts'
import { bytesOfState } from '../../../src/checkpoint/stateful.ts'
import { textsOf } from '../../../src/checkpoint/text-columns-state.ts'
import { count, f64, hopping, pipeline, schema, timestamp, utf8 } from '../../../src/index.ts'
import { Dictionary } from '../../../src/memory/dictionary.ts'
import { RowReader } from '../../../src/memory/row-reader.ts'
import { buildChain } from '../../../src/operators/build-chain.ts'
import type { ChainParts } from '../../../src/operators/chain.ts'
import type { InputColumn } from '../../../src/operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../../../src/operators/operator.ts'
import { ReluctantEnd } from '../../../src/testing/reluctant-end.ts'
import { BatchFixture, ENGINES, type EngineName } from '../batch-fixture.ts'

const BATCH = 256
const types = { time: 'timestamp', name: 'utf8?', number: 'f64' } as const
const events = schema({ time: timestamp(), name: utf8().nullable(), number: f64() })
const { plan } = pipeline(events)
  .eventTime('time')
  .keyBy('name', 'number')
  .window(hopping('4s', '1s'))
  .aggregate(() => ({ rows: count() }))
const WINDOW = plan.nodes.length - 1

/** Of each second from `from` on, two rows of each of `keys` keys that come in no other, every third without a name. */
function rowsOf(from: number, to: number, keys: number) {
  return Array.from({ length: (to - from) * keys * 2 }, (_, i) => {
    const [second, key] = [from + Math.floor(i / (keys * 2)), i % keys]
    const name = key % 3 === 0 ? null : `${key} of ${second}`
    return { time: second * 1_000 + (i % (keys * 2)), name, number: second }
  })
}

/** What comes of the rows, by a count over all of them. */
function expectedOf(rows: ReturnType<typeof rowsOf>): string[] {
  const counts = new Map<string, number>()
  for (const { time, name, number } of rows) {
    const second = Math.floor(time / 1_000)
    for (let start = second - 3; start <= second; start++) {
      const key = JSON.stringify([start * 1_000, start * 1_000 + 4_000, name, number])
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return [...counts].map(([key, n]) => `${key.slice(0, -1)},${n}]`).sort()
}

/** The second half of a window, and as many first halves as are asked for, all in one memory. */
class Halves {
  readonly fixture: BatchFixture
  /** Most bytes that were in use when something came out. */
  mostBytes = 0
  #second!: Operator
  readonly #chain
  readonly #end: ReluctantEnd

  constructor(engine: EngineName, fullEvery = 0) {
    this.fixture = new BatchFixture(engine, types, BATCH, {
      name: new Dictionary({ maxCodes: 20_000, initialCodes: 20_000 }),
    })
    const { fixture } = this
    const { arena } = fixture.context
    let reader!: RowReader
    this.#end = new ReluctantEnd(batch => {
      this.mostBytes = Math.max(this.mostBytes, arena.bytesInUse)
      const rows: Record<string, unknown>[] = []
      reader.readRows(batch, rows)
      return rows.map(row => Object.values(row))
    }, fullEvery)
    this.#chain = buildChain(plan.nodes, fixture.columns, {
      ...this.#parts((of: readonly InputColumn[]) => {
        reader = new RowReader({ memory: fixture.memory, fields: of })
        return this.#end
      }),
      elsewhere: {
        from: 1,
        to: WINDOW,
        texts: textsOf(fixture.columns),
        build: (columns, behind) => {
          this.#second = behind(columns)
          return this.#second
        },
        beforeBatch() {},
      },
    })
  }

  /** Gives the records of rows, as a worker does that has no others; windows fire when they are told to. */
  give(rows: ReturnType<typeof rowsOf>): void {
    const { fixture } = this
    const { head } = buildChain(plan.nodes, fixture.columns, {
      ...this.#parts(() => {
        throw new Error('the chain ends with the window')
      }),
      partials: {
        at: WINDOW,
        target: () => ({
          take: batch => void this.#second.process(batch),
          givenEarly() {},
          advanceWatermark() {},
          close() {},
        }),
      },
    })
    for (let at = 0; at < rows.length; at += BATCH) head.process(fixture.write(rows.slice(at, at + BATCH)))
    head.advanceWatermark(Number.POSITIVE_INFINITY)
    head.close()
  }

  fire(watermark: number): void {
    let isThrough = this.#second.advanceWatermark(watermark)
    while (!isThrough) isThrough = this.#second.resume()
  }

  /** All that came out, in no order. */
  get out(): string[] {
    return this.#end.arrivals.flatMap(arrival => ('row' in arrival ? JSON.stringify(arrival.row) : [])).sort()
  }

  /** The window as a checkpoint has it. */
  get state() {
    return this.#chain.stateful.find(({ id }) => id.includes('window'))!.operator!
  }

  /** Codes of texts that are needed. */
  get codes(): Set<number> {
    const codes = new Set<number>()
    this.#second.markCodes(this.fixture.columns[1]!.dictionary!, code => codes.add(code))
    return codes
  }

  close(): void {
    this.#second.close()
  }

  #parts(sink: ChainParts['sink']): ChainParts {
    return {
      context: this.fixture.context,
      maxKeys: 100_000,
      timers: { now: () => 0, at: () => () => {} },
      stopwatch: undefined,
      sink,
      rows: () => {
        throw new Error('there are no functions')
      },
    }
  }
}

describe.each(ENGINES)('the second half of a window (%s)', engine => {
  const [first, second] = [rowsOf(0, 30, 50), rowsOf(30, 60, 50)]
  const expected = expectedOf([...first, ...second])

  it.each([0, 2])(
    'gives what a count over all rows gives, when one half is far ahead of another: full every %d batches',
    fullEvery => {
      const halves = new Halves(engine, fullEvery)
      halves.fire(0)
      halves.give(second)
      halves.give(first)
      for (let ms = 0; ms < 70_000; ms += 7_500) halves.fire(ms)
      halves.fire(Number.POSITIVE_INFINITY)
      expect(halves.out).toEqual(expected)
      halves.close()
    },
  )

  it('gives it when all that comes is complete at once', () => {
    const halves = new Halves(engine)
    halves.give([...first, ...second])
    halves.fire(Number.POSITIVE_INFINITY)
    expect(halves.out).toEqual(expected)
    halves.close()
  })

  it('has memory for the records that wait, and for slices of one window only', () => {
    const [seconds, keys] = [60, 200]
    const halves = new Halves(engine)
    halves.fire(0)
    const before = halves.fixture.context.arena.bytesInUse
    for (let from = seconds - 6; from >= 0; from -= 6) halves.give(rowsOf(from, from + 6, keys))
    const waiting = halves.fixture.context.arena.bytesInUse - before
    // A text, a number, a bit and a count, and the number of the slice; what is allocated is up to twice as much.
    expect(waiting).toBeLessThan(seconds * keys * 2 * 36)
    halves.fire(Number.POSITIVE_INFINITY)
    expect(halves.out.length).toBe(expectedOf(rowsOf(0, seconds, keys)).length)
    // Slices with room for the keys of all seconds would take ten times as much.
    expect(halves.mostBytes - before).toBeLessThan(seconds * keys * 2 * 36 * 2)
    const most = halves.fixture.context.arena.bytesInUse
    halves.close()
    expect(halves.fixture.context.arena.bytesInUse).toBeLessThan(most)
  })

  it('keeps what waits in a checkpoint, and the texts of it', () => {
    const halves = new Halves(engine)
    halves.fire(0)
    halves.give(first)
    halves.give(second)
    const names = new Set([...first, ...second].map(({ name }) => name))
    const { dictionary } = halves.fixture.columns[1]!
    expect(new Set([...halves.codes].map(code => dictionary!.decode(code)))).toEqual(names)
    const bytes = bytesOfState(halves.state)
    const later = new Halves(engine)
    // The texts of a state are restored before it.
    expect(later.fixture.columns[1]!.dictionary!.refill(dictionary!.strings)).toBe(true)
    later.state.restore(new StateReader(bytes))
    later.fire(Number.POSITIVE_INFINITY)
    expect(later.out).toEqual(expected)
    for (const each of [halves, later]) each.close()
  })
})
