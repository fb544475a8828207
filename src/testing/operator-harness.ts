import { harnessFailed } from '../errors.ts'
import { createEngineSync, type Engine } from '../kernels/engine.ts'
import { expectArgument } from '../options.ts'
import type { Pipeline } from '../pipeline.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import { optimise } from '../plan/optimise.ts'
import type { InsertRowOf, ResultRowOf } from '../schema/row-types.ts'
import type { SchemaFields } from '../schema/schema.ts'
import type { KernelModule } from '../wasm/kernel-module.ts'
import { ChainInstance } from './chain-instance.ts'
import { checkPipeline } from './check-pipeline.ts'
import { formatValue } from './format-value.ts'
import type { Arrival } from './reluctant-end.ts'
import { isSameValue } from './row-difference.ts'

/** Under which conditions `verifyPipeline` runs a pipeline. */
export interface HarnessOptions<Row> {
  /** When a row comes, in milliseconds by the virtual clock, never earlier than the row before. Default: all at 0. */
  readonly arrivalMs?: (row: Row, index: number) => number
  /** How far the clock goes on before the input ends. Default: not beyond the last row. */
  readonly endMs?: number
  /** Rows of a batch; default 1, 2, 7 and 64. */
  readonly batchSizes?: readonly number[]
  /** Default: both. */
  readonly engines?: readonly ('wasm' | 'js')[]
}

/** What came out of a pipeline, however it was run. */
export interface HarnessReport<Row> {
  readonly rows: readonly Row[]
  /** What went down side branches, by name. */
  readonly branches: Readonly<Record<string, readonly unknown[]>>
  /** How often the pipeline was run, and how many of these runs began with the state of another. */
  readonly runs: number
  readonly restores: number
}

/**
 * Runs a pipeline over rows in every way that must make no difference, and demands the same output: batches of 1, 2, 7
 * and 64 rows; either engine; a downstream that is full every other call; and at every cut between two batches a snapshot
 * that is restored into a fresh instance, on the same engine and on the other one. User code runs too: what a processor
 * keeps must be in its `snapshot`.
 *
 * It is for tests, and for fifty rows rather than a million: the runs are about five for every row.
 *
 * @throws EventfluxError `HARNESS_FAILED` for output that differs, naming the run and the first difference; what the
 * pipeline throws, and what its state throws that can't be turned into bytes.
 *
 * @example
 * ```ts
 * const trades = schema({ time: timestamp(), symbol: utf8(), size: i32() })
 * const volume = pipeline(trades)
 *   .eventTime('time')
 *   .keyBy('symbol')
 *   .window(tumbling('1s'))
 *   .aggregate(e => ({ total: sum(e.size) }))
 * const { rows } = verifyPipeline(volume, [
 *   { time: 100, symbol: 'a', size: 1 },
 *   { time: 900, symbol: 'a', size: 2 },
 * ])
 * console.log(rows) // [{ windowStart: 0, windowEnd: 1000, symbol: 'a', total: 3 }]
 * ```
 */
export function verifyPipeline<F extends SchemaFields, T extends string | undefined, S extends SchemaFields>(
  pipeline: Pipeline<F, T, S>,
  rows: readonly InsertRowOf<S>[],
  options: HarnessOptions<InsertRowOf<S>> = {},
): HarnessReport<ResultRowOf<F>> {
  checkPipeline('verifyPipeline', pipeline)
  expectArgument('verifyPipeline', rows, Array.isArray, 'rows, a list')
  const harness = new Harness(pipeline as unknown as Pipeline, rows, options as HarnessOptions<unknown>)
  const reference = harness.verify()
  const named = (names: readonly string[], arrivals: readonly Arrival[]): Record<string, unknown>[] =>
    valuesOf(arrivals).map(values => Object.fromEntries(names.map((name, i) => [name, values[i]])))
  const { '': main = [], ...branches } = Object.fromEntries(reference.arrivals)
  return {
    rows: named(reference.names.get('') ?? [], main) as ResultRowOf<F>[],
    branches: Object.fromEntries(
      Object.entries(branches).map(([branch, arrivals]) => [branch, named(reference.names.get(branch)!, arrivals)]),
    ),
    runs: harness.runs,
    restores: harness.restores,
  }
}

/** Rows that go through together, and when. */
interface Batch {
  readonly atMs: number
  readonly rows: readonly unknown[]
}

type Arrivals = ReadonlyMap<string, readonly Arrival[]>

interface Outcome {
  readonly arrivals: Arrivals
  /** Columns by end. */
  readonly names: ReadonlyMap<string, readonly string[]>
}

interface Manner {
  readonly engine: 'wasm' | 'js'
  readonly fullEvery: number
}

/** What an uninterrupted run was like at a cut. */
interface Cut {
  readonly state: Uint8Array
  /** Arrivals so far, by end. */
  readonly arrived: ReadonlyMap<string, number>
}

class Harness {
  runs = 0
  restores = 0
  readonly #plan: LogicalPlan
  readonly #config: ResolvedConfig
  readonly #kernels: KernelModule | undefined
  readonly #engines = new Map<string, Engine>()
  readonly #rows: readonly unknown[]
  readonly #options: HarnessOptions<unknown>

  constructor(pipeline: Pipeline, rows: readonly unknown[], options: HarnessOptions<unknown>) {
    this.#plan = optimise(pipeline.plan)
    this.#config = pipeline.config
    this.#kernels = pipeline.packaged.kernels
    this.#rows = rows
    this.#options = options
  }

  verify(): Outcome {
    const { batchSizes = [1, 2, 7, 64], engines = ['wasm', 'js'] } = this.#options
    let first: Outcome | undefined
    for (const size of batchSizes) {
      const batches = this.#batches(size)
      let ofSize: Outcome | undefined
      for (const engine of engines) {
        const where = `batches of ${size} on the ${engine} engine`
        const plain = this.#run(batches, size, { engine, fullEvery: 0 }, undefined)
        first ??= plain
        ofSize ??= plain
        expectEqual(`${where}, rows`, rowsOf(plain.arrivals), rowsOf(first.arrivals))
        expectEqual(where, plain.arrivals, ofSize.arrivals)
        const cuts: Cut[] = []
        const held = this.#run(batches, size, { engine, fullEvery: 2 }, cuts)
        expectEqual(`${where}, full every other call`, held.arrivals, plain.arrivals)
        this.#restoreAll(batches, size, cuts, held.arrivals, engine, engines)
        this.#restart(batches, size, engine, engines, plain.arrivals)
      }
    }
    return first ?? { arrivals: new Map(), names: new Map() }
  }

  /** Goes on from every cut in an instance of its own, on the engines in turn. */
  #restoreAll(
    batches: readonly Batch[],
    size: number,
    cuts: readonly Cut[],
    whole: Arrivals,
    from: 'wasm' | 'js',
    engines: readonly ('wasm' | 'js')[],
  ): void {
    for (const [at, { state, arrived }] of cuts.entries()) {
      const engine = engines[(engines.indexOf(from) + at) % engines.length]!
      const instance = this.#instance(size, { engine, fullEvery: at % 3 }, timeAt(batches, at))
      instance.restore(state)
      this.restores++
      for (const batch of batches.slice(at)) send(instance, batch)
      this.#end(instance)
      const rest = new Map([...whole].map(([end, arrivals]) => [end, arrivals.slice(arrived.get(end))]))
      const where = `batches of ${size}, cut behind ${at} of them, snapshot on ${from}, restored on ${engine}`
      expectEqual(where, instance.arrivals, rest)
    }
  }

  /** Goes on in a fresh instance after every single batch, on the engines in turn: states of states must do as well. */
  #restart(
    batches: readonly Batch[],
    size: number,
    engine: 'wasm' | 'js',
    engines: readonly ('wasm' | 'js')[],
    whole: Arrivals,
  ): void {
    let arrivals: Map<string, Arrival[]> = new Map([...whole.keys()].map(end => [end, []]))
    const gather = (instance: ChainInstance): void => {
      arrivals = new Map([...arrivals].map(([end, before]) => [end, [...before, ...instance.arrivals.get(end)!]]))
    }
    let instance = this.#instance(size, { engine, fullEvery: 0 }, timeAt(batches, 0))
    for (const [i, batch] of batches.entries()) {
      send(instance, batch)
      const state = instance.snapshot()
      gather(instance)
      instance.close()
      const next = engines[(engines.indexOf(engine) + i + 1) % engines.length]!
      instance = this.#instance(size, { engine: next, fullEvery: i % 3 }, timeAt(batches, i + 1))
      instance.restore(state)
      this.restores++
    }
    this.#end(instance)
    gather(instance)
    expectEqual(`batches of ${size}, a fresh instance after each of them`, arrivals, whole)
  }

  /** One run from beginning to end, with a snapshot at every cut when they are asked for. */
  #run(batches: readonly Batch[], size: number, manner: Manner, cuts: Cut[] | undefined): Outcome {
    const instance = this.#instance(size, manner, timeAt(batches, 0))
    const cut = (): void => {
      const arrived = new Map([...instance.arrivals].map(([end, arrivals]) => [end, arrivals.length]))
      cuts?.push({ state: instance.snapshot(), arrived })
    }
    cut()
    for (const batch of batches) {
      send(instance, batch)
      cut()
    }
    this.#end(instance)
    return { arrivals: instance.arrivals, names: instance.names }
  }

  #instance(size: number, manner: Manner, startMs: number): ChainInstance {
    this.runs++
    const { maxKeys } = this.#config
    const engine = this.#engine(manner.engine)
    return new ChainInstance(this.#plan, { ...manner, engine, maxKeys, maxBatch: size, startMs })
  }

  /** One instance runs at a time, so that all of a kind can have one engine, wiped in between. */
  #engine(name: 'wasm' | 'js'): Engine {
    const known = this.#engines.get(name)
    known?.memory.u8.fill(0)
    const engine = known ?? createEngineSync({ engine: name, maxBytes: this.#config.maxMemory, module: this.#kernels })
    this.#engines.set(name, engine)
    return engine
  }

  #end(instance: ChainInstance): void {
    if (this.#options.endMs !== undefined) instance.advanceTo(this.#options.endMs)
    instance.end()
    instance.close()
  }

  /** Rows that come at one instant, `size` of them at most. */
  #batches(size: number): readonly Batch[] {
    const { arrivalMs = () => 0 } = this.#options
    const batches: { atMs: number; rows: unknown[] }[] = []
    for (const [i, row] of this.#rows.entries()) {
      const atMs = arrivalMs(row, i)
      const last = batches.at(-1)
      if (last === undefined || last.atMs !== atMs || last.rows.length === size) batches.push({ atMs, rows: [row] })
      else last.rows.push(row)
    }
    return batches
  }
}

function send(instance: ChainInstance, { atMs, rows }: Batch): void {
  instance.advanceTo(atMs)
  instance.process(rows)
}

/** What the clock shows behind `count` batches. */
const timeAt = (batches: readonly Batch[], count: number): number => batches[Math.max(0, count - 1)]?.atMs ?? 0

const valuesOf = (arrivals: readonly Arrival[]): (readonly unknown[])[] =>
  arrivals.flatMap(arrival => ('row' in arrival ? [arrival.row] : []))

/** The rows alone: how often a watermark comes along depends on the batches. */
const rowsOf = (arrivals: Arrivals): Arrivals =>
  new Map([...arrivals].map(([end, all]) => [end, all.filter(arrival => 'row' in arrival)]))

/** @throws EventfluxError `HARNESS_FAILED` */
function expectEqual(where: string, given: Arrivals, expected: Arrivals): void {
  for (const [end, wanted] of expected) {
    const found = given.get(end) ?? []
    if (isSame(found, wanted)) continue
    const at = wanted.findIndex((arrival, i) => !isSame(arrival, found[i]))
    const i = at < 0 ? wanted.length : at
    const branch = end === '' ? '' : ` of the branch ${end}`
    throw harnessFailed(
      `${where}: result ${i}${branch} is ${told(found[i])} and was ${told(wanted[i])} (${found.length} results, ${wanted.length} before)`,
      { value: found[i], at: where },
    )
  }
}

/** Bit by bit: -0 isn't 0. */
const isSame = (a: unknown, b: unknown): boolean => isSameValue(a, b, Object.is)

const told = (arrival: Arrival | undefined): string => (arrival === undefined ? 'missing' : formatValue(arrival))
