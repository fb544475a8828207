import * as aggregates from '../../src/expression/aggregates.ts'
import { boolAnd, boolOr, maxForever, minForever } from '../../src/expression/choice-aggregates.ts'
import { distinctCount } from '../../src/expression/distribution-aggregates.ts'
import type { NumberExpression } from '../../src/expression/expression.ts'
import { asc, desc } from '../../src/expression/ordering.ts'
import { pipeline } from '../../src/packaged.ts'
import { bool, type DataType, f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { type Schema, schema } from '../../src/schema/schema.ts'
import type { Clock } from '../../src/time/clock.ts'
import { EventDrivenClock } from '../../src/time/event-driven-clock.ts'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

export type Row = Readonly<Record<string, number | string | boolean | null>>

/** A query over a window as Siddhi writes it. */
export interface RowQuery {
  readonly window: RowWindowSpec
  /** `fn(column)`, `fn()` or a column; every column of the rows themselves when left out. */
  readonly select?: readonly string[] | undefined
  readonly groupBy?: readonly string[]
  /** Columns whose values have windows of their own. */
  readonly partition?: readonly string[]
  /** Column of the results, how it is compared, and with what. */
  readonly having?: readonly [column: string, is: Comparison, limit: number]
  /** What becomes of the rows that come out together. */
  readonly chunk?: Chunk
  /** Columns that hold instants. */
  readonly times?: readonly string[]
}

/** How `having` compares. */
export type Comparison = 'gt' | 'ge' | 'lt' | 'le' | 'eq' | 'ne'

/** The order of rows that come out together, by columns (`price`, `price desc`), and which of them are kept. */
export interface Chunk {
  readonly orderBy?: readonly string[]
  readonly limit?: number
  readonly offset?: number
}

export interface Arrival {
  /** The clock's time when it comes. */
  readonly ts?: number
  readonly data: Row
}

/** A row that came out, and when. */
export type Emitted = Record<string, unknown> & { readonly at: number }

const FUNCTIONS: Readonly<Record<string, (value?: never) => never>> = {
  ...aggregates,
  distinctCount,
  maxForever,
  minForever,
  and: boolAnd,
  or: boolOr,
} as never
const CALL = /^(\w+)\((\w*)\)$/

/** What comes out of a window on an engine: the clock moves to each arrival, and to `advanceTo` at last. */
export async function runQuery(
  query: RowQuery,
  arrivals: readonly Arrival[],
  options: { readonly engine: 'wasm' | 'js'; readonly advanceTo?: number | undefined },
): Promise<readonly Emitted[]> {
  const clock = new VirtualClock(0)
  const { emitted, job } = await startQuery(query, schema(fieldsOf(query, arrivals)), clock, options.engine)
  for (const { ts, data } of arrivals) {
    if (ts !== undefined) clock.advanceTo(ts)
    await job.push(data as never)
    await job.flush()
  }
  if (options.advanceTo !== undefined) clock.advanceTo(options.advanceTo)
  return untilTheEnd(query, emitted, job)
}

/** What came out. Rows on their way when the input ends come out with the end here, and never in Siddhi: they don't count. */
async function untilTheEnd(
  { window }: RowQuery,
  emitted: readonly Emitted[],
  job: Ending,
): Promise<readonly Emitted[]> {
  await job.flush()
  const before = [...emitted]
  await job.stop()
  return window.kind === 'delay' ? before : emitted
}

interface Ending {
  flush(): Promise<void>
  stop(): Promise<unknown>
}

/** The same where the rows themselves move the clock, all of them handed in at once; at last nothing comes for a while. */
export async function replayQuery(
  query: RowQuery,
  arrivals: readonly (Arrival & { readonly ts: number })[],
  options: { readonly engine: 'wasm' | 'js'; readonly advanceTo?: number | undefined },
): Promise<Emitted[]> {
  const outside = new VirtualClock(0)
  const last = arrivals.at(-1)!.ts
  const by = (options.advanceTo ?? last) - last
  const idleAdvance = by > 0 ? { idleAdvance: { after: '1s', by } as const } : {}
  const clock = new EventDrivenClock(ARRIVAL, { outside, ...idleAdvance })
  const source = schema({ ...fieldsOf(query, arrivals), [ARRIVAL]: timestamp() })
  const { emitted, job } = await startQuery(query, source, clock, options.engine)
  await job.pushMany(arrivals.map(({ ts, data }) => ({ ...data, [ARRIVAL]: ts })) as never)
  await job.flush()
  if (by > 0) await outside.advance(1_000)
  const seen = await untilTheEnd(query, emitted, job)
  return seen.map(({ [ARRIVAL]: _, ...row }) => row as Emitted)
}

/** Column of the instants at which rows came. */
const ARRIVAL = 'arrivedAt'

async function startQuery(query: RowQuery, source: Schema, clock: Clock, engine: 'wasm' | 'js') {
  const emitted: Emitted[] = []
  const { partition } = query
  const rows = pipeline(source, { engine })
  const windowed = partition
    ? rows.keyBy(...(partition as readonly [never])).window(query.window)
    : rows.window(query.window)
  const { having } = query
  const isWanted =
    having && ((row: Readonly<Record<string, NumberExpression>>) => row[having[0]]![having[1]](having[2]))
  const { select, chunk: { orderBy, limit, offset } = {} } = query
  const chunk = {
    ...(limit !== undefined && { limit }),
    ...(offset !== undefined && { offset }),
    ...(orderBy && {
      orderBy: (row: Readonly<Record<string, NumberExpression>>) => orderBy.map(text => orderingOf(text, row)),
    }),
  }
  const stream =
    select === undefined
      ? windowed.rows(chunk as never)
      : windowed.aggregate((e, row) => selected(select, e, row) as never, {
          groupBy: (query.groupBy ?? []) as never[],
          ...(isWanted && { having: isWanted as never }),
          ...(chunk as object),
        })
  const job = await stream.run({
    clock,
    sink: (row: object) => {
      emitted.push({ ...row, at: clock.now() })
    },
  })
  return { emitted, job }
}

function orderingOf(text: string, row: Readonly<Record<string, NumberExpression>>) {
  const [name, direction] = text.split(' ')
  return direction === 'desc' ? desc(row[name!]!) : asc(row[name!]!)
}

function selected(select: readonly string[], e: unknown, row: unknown): Record<string, unknown> {
  return Object.fromEntries(
    select.map(text => {
      const [, fn, argument] = CALL.exec(text) ?? []
      if (fn === undefined) return [text, (row as Row)[text]]
      const value = argument === '' ? undefined : (e as Row)[argument!]
      return [text, value === undefined ? FUNCTIONS[fn]!() : FUNCTIONS[fn]!(value as never)]
    }),
  )
}

function fieldsOf(query: RowQuery, arrivals: readonly Arrival[]): Record<string, DataType> {
  // Where nothing arrives any column will do.
  const fields: Record<string, DataType> = arrivals.length === 0 ? { v: f64() } : {}
  for (const { data } of arrivals)
    for (const [name, value] of Object.entries(data)) {
      if (query.times?.includes(name)) fields[name] = timestamp()
      else if (typeof value === 'string') fields[name] = utf8()
      else if (typeof value === 'boolean') fields[name] = bool()
      else if (value === null) fields[name] = f64().nullable()
      else fields[name] ??= f64()
    }
  return fields
}
