import { restoreSections, sectionsOf } from '../../src/checkpoint/named-state.ts'
import type { ResultNode } from '../../src/expression/node.ts'
import { RowReader } from '../../src/memory/row-reader.ts'
import { buildChain } from '../../src/operators/build-chain.ts'
import type { Chain } from '../../src/operators/chain.ts'
import { chainStates } from '../../src/operators/chain-state.ts'
import type { InputColumn } from '../../src/operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../../src/operators/operator.ts'
import type { WindowOperator } from '../../src/operators/window/window-operator.ts'
import { DEFAULT_MAX_BATCH } from '../../src/plan/default-capacity.ts'
import { eventTimeNode, windowAggregateNode } from '../../src/plan/make-node.ts'
import type { WindowSpec } from '../../src/time/windows.ts'
import { BatchFixture, type EngineName } from '../operators/batch-fixture.ts'

/** A row of the scripts engines are tested with. */
export interface ScriptRow {
  readonly time: number
  readonly key?: string
  readonly value?: number
}

export interface ScriptResult {
  readonly windowStart: number
  readonly windowEnd: number
  readonly key: string
  readonly n: number
  readonly sum: number
  readonly first: number
  readonly last: number
  readonly min: number
  readonly max: number
  readonly avg: number
  readonly isRetraction?: boolean
}

/** What a result has of the aggregate a case names; of its sum where it names none. */
export const aggregatedBy = ({ n, ...result }: ScriptResult, aggregate = 'sum'): number =>
  aggregate === 'count' ? n : result[aggregate as 'sum' | 'first' | 'last' | 'min' | 'max' | 'avg']

/** Rows bring no watermark along: the script moves it. */
const NO_WATERMARKS = { kind: 'punctuated', expression: { kind: 'column', name: 'mark' } } as const

/** One window over keyed rows, driven the way the engines' own tests drive theirs: an element, a watermark, an element. */
export class WindowScript {
  readonly #build: () => { readonly fixture: BatchFixture; readonly chain: Chain }
  #fixture: BatchFixture
  #chain: Chain
  readonly #late: ScriptRow[] = []
  #results: ScriptResult[] = []

  constructor(window: WindowSpec, engine: EngineName = 'wasm') {
    this.#build = () => {
      const columns = { time: 'timestamp', key: 'utf8', value: 'f64', mark: 'timestamp?' } as const
      const fixture = new BatchFixture(engine, columns, DEFAULT_MAX_BATCH)
      return { fixture, chain: this.#chainOf(window, fixture) }
    }
    const { fixture, chain } = this.#build()
    this.#fixture = fixture
    this.#chain = chain
  }

  #chainOf(window: WindowSpec, { context, columns, memory }: BatchFixture): Chain {
    const over = (fn: 'count' | 'sum' | 'first' | 'last' | 'min' | 'max' | 'avg'): ResultNode => ({
      kind: 'aggregate',
      fn,
      args: fn === 'count' ? [] : [{ kind: 'column', name: 'value' }],
    })
    const nodes = [
      eventTimeNode({ column: 'time', watermarks: NO_WATERMARKS, allowedLatenessMs: 0 }),
      windowAggregateNode(['key'], window, [
        { name: 'n', result: over('count') },
        { name: 'sum', result: over('sum') },
        { name: 'first', result: over('first') },
        { name: 'last', result: over('last') },
        { name: 'min', result: over('min') },
        { name: 'max', result: over('max') },
        { name: 'avg', result: over('avg') },
      ]),
    ]
    return buildChain(nodes, columns, {
      context,
      maxKeys: 1_000,
      timers: { now: () => 0, at: () => () => {} },
      stopwatch: undefined,
      sink: (of, branch) => this.#end(of, memory, branch === undefined ? this.#results : this.#late),
      rows: () => {
        throw new Error('scripts have no functions')
      },
    })
  }

  /** Rows dropped because they came too late. */
  get lateCount(): number {
    return this.#chain.windows.reduce((count, window) => count + window.lateRows, 0)
  }

  /** Rows that went to the window's late sink. */
  get lateRows(): readonly ScriptRow[] {
    return this.#late
  }

  /** Sends rows, each in a batch of its own; returns what came out at once. */
  rows(...rows: readonly ScriptRow[]): ScriptResult[] {
    for (const { time, key = 'key', value = 1 } of rows)
      this.#chain.head.process(this.#fixture.write([{ time, key, value, mark: null }]))
    return this.#taken()
  }

  /** Moves the watermark; returns what came out. Infinity ends the input. */
  watermark(watermark: number): ScriptResult[] {
    const window = this.#chain.windows[0] as WindowOperator
    window.advanceWatermark(watermark)
    return this.#taken()
  }

  /** Goes on as a fresh operator that was given the state of this one. */
  restore(): void {
    const sections = sectionsOf(chainStates(this.#chain))
    this.#chain.head.close()
    const { fixture, chain } = this.#build()
    this.#fixture = fixture
    this.#chain = chain
    restoreSections(chainStates(chain), sections)
  }

  #taken(): ScriptResult[] {
    return this.#results.splice(0)
  }

  #end(of: readonly InputColumn[], memory: BatchFixture['memory'], into: unknown[]): Operator {
    const reader = new RowReader({ memory, fields: of })
    return {
      name: 'end',
      process: batch => {
        reader.readRows(batch, into as Record<string, unknown>[])
        return true
      },
      advanceWatermark: () => true,
      nextFiring: () => Number.POSITIVE_INFINITY,
      resume: () => true,
      markCodes() {},
      close() {},
    }
  }
}

/** The windows a time belongs to, as the engine finds them. */
export const windowsAt = (spec: WindowSpec, time: number): [number, number][] => {
  const script = new WindowScript(spec)
  script.rows({ time })
  return script.watermark(Number.POSITIVE_INFINITY).map(({ windowStart, windowEnd }) => [windowStart, windowEnd])
}

/** Which times each window holds, by its bounds in the notation of the cases. */
export function groupsOf(spec: WindowSpec, times: readonly number[]): Record<string, number[]> {
  const groups: Record<string, number[]> = {}
  for (const time of times)
    for (const [start, end] of windowsAt(spec, time)) (groups[`[${start},${end})`] ??= []).push(time)
  return groups
}
