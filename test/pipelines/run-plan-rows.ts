import { EventfluxError } from '../../src/errors.ts'
import type { Job } from '../../src/job.ts'
import type { ColumnBlock, ColumnValues } from '../../src/memory/column-input.ts'
import { branchNames } from '../../src/plan/branch-names.ts'
import { resolveConfig } from '../../src/plan/config.ts'
import type { FieldSpec, LogicalPlan } from '../../src/plan/logical-node.ts'
import { runPlan } from '../../src/run.ts'
import { kernels } from '../../src/wasm/packaged/inline.ts'
import type { Row } from '../plan/scalar-interpreter.ts'

export const ENGINES = ['wasm', 'js'] as const
export const WAYS_IN = ['push', 'pushMany', 'pushColumns'] as const

/** How a plan is run over rows. None of it may matter to what comes out. */
export interface Manner {
  readonly engine: (typeof ENGINES)[number]
  readonly maxBatch: number
  readonly bufferSize: number
  readonly way: (typeof WAYS_IN)[number]
  /** Rows of a block, for the ways that take blocks. */
  readonly blockRows: number
  /** Whether sinks take every other row with a promise, so that the job is held up in the middle of its batches. */
  readonly stalls: boolean
}

/** In blocks of up to a thousand rows, with room for all of them. */
export const manner = (engine: Manner['engine'], maxBatch: number, stalls = false): Manner => ({
  engine,
  maxBatch,
  bufferSize: 65_536,
  way: 'pushMany',
  blockRows: 1_000,
  stalls,
})

/** What came out: rows in order by sink, and how many were late; or the code of the error that ended the job. */
export type Outcome =
  | { readonly rows: Row[]; readonly branches: ReadonlyMap<string, Row[]>; readonly late: number }
  | { readonly code: string }

/** Runs a plan over rows to its end. */
export async function runPlanRows(plan: LogicalPlan, rows: readonly Row[], manner: Manner): Promise<Outcome> {
  const { engine, maxBatch, bufferSize, stalls } = manner
  const out: Row[] = []
  const branches = new Map(branchNames(plan.nodes).map(name => [name, [] as Row[]]))
  const sinkInto = (into: Row[]) => (row: Row) => {
    const isOdd = into.push(row) % 2 === 1
    return stalls && isOdd ? Promise.resolve() : undefined
  }
  const job = await runPlan<Row, Row>(
    plan,
    resolveConfig({ engine, maxBatch, bufferSize }),
    { kernels, openWorkers: undefined },
    {
      sink: sinkInto(out),
      sinks: Object.fromEntries([...branches].map(([name, into]) => [name, sinkInto(into)])),
    },
  )
  try {
    await pushAll(job, plan.source, rows, manner)
    const { numLateRecordsDropped: late } = await job.drain()
    return { rows: out, branches, late }
  } catch (error) {
    if (!(error instanceof EventfluxError)) throw error
    await job.stop().catch(() => {})
    return { code: error.code }
  }
}

async function pushAll(
  job: Job<Row, Row>,
  fields: readonly FieldSpec[],
  rows: readonly Row[],
  { way, blockRows }: Manner,
): Promise<void> {
  const step = way === 'push' ? 1 : blockRows
  for (let at = 0; at < rows.length; at += step) {
    const block = rows.slice(at, at + step)
    let result: unknown
    if (way === 'push') result = job.push(block[0]!)
    else result = way === 'pushMany' ? job.pushMany(block) : job.pushColumns(columnsOf(fields, block))
    // Awaiting what isn't a promise would give the job a turn of its own at every push.
    if (result instanceof Promise) result = await result
    // A job that has failed refuses everything: what it failed with is told when it is drained.
    if (result !== true) return
  }
}

/** Rows as columns: typed arrays where no value is missing, plain arrays where some may be. */
function columnsOf(fields: readonly FieldSpec[], rows: readonly Row[]): ColumnBlock {
  return Object.fromEntries(
    fields.map(({ name, type, nullable }) => {
      const values = rows.map(row => row[name] ?? null)
      return [name, (nullable ? values : typed(type, values as never[])) as ColumnValues]
    }),
  )
}

function typed(type: FieldSpec['type'], values: never[]): ColumnValues {
  switch (type) {
    case 'f64':
    case 'timestamp':
      return Float64Array.from(values)
    case 'f32':
      return Float32Array.from(values)
    case 'i32':
      return Int32Array.from(values)
    case 'u32':
      return Uint32Array.from(values)
    case 'i64':
      return BigInt64Array.from(values)
    default:
      return values
  }
}
