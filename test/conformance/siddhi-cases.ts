import { expect } from 'vitest'
import type { RowWindowSpec } from '../../src/time/row-windows.ts'
import { delay } from '../../src/time/window-kinds/delay.ts'
import { externalTime } from '../../src/time/window-kinds/external-time.ts'
import { externalTimeBatch } from '../../src/time/window-kinds/external-time-batch.ts'
import { length } from '../../src/time/window-kinds/length.ts'
import { lengthBatch } from '../../src/time/window-kinds/length-batch.ts'
import type { WindowOutput } from '../../src/time/window-kinds/parameters.ts'
import { sort } from '../../src/time/window-kinds/sort.ts'
import { time } from '../../src/time/window-kinds/time.ts'
import { timeBatch } from '../../src/time/window-kinds/time-batch.ts'
import { timeLength } from '../../src/time/window-kinds/time-length.ts'
import { unique } from '../../src/time/window-kinds/unique.ts'
import {
  type Arrival,
  type Chunk,
  type Comparison,
  type Emitted,
  type RowQuery,
  runQuery,
} from './row-window-script.ts'

/** A case of Siddhi's windows over rows. */
export interface SiddhiCase {
  readonly name: string
  readonly query: {
    // biome-ignore lint/suspicious/noExplicitAny: each kind has its own parameters
    readonly window: any
    readonly select?: readonly string[]
    /** One, or several that are counted each. */
    readonly output?: WindowOutput | readonly WindowOutput[]
    /** Column of the results, and what it is compared with: `sum > 3`. */
    readonly having?: string
    readonly groupBy?: readonly string[]
    /** Columns whose values have windows of their own. */
    readonly partition?: readonly string[]
    readonly chunk?: Chunk
    /** What a chunk is told, said of the query itself. */
    readonly orderBy?: Chunk['orderBy']
    readonly limit?: number
    readonly offset?: number
    readonly variants?: readonly Chunk[]
  }
  readonly input: readonly Arrival[]
  readonly expected: readonly Record<string, unknown>[]
  readonly advance_to?: number
  /** To how many decimals numbers are to agree; left out, they are to be equal. */
  readonly tolerance?: number
}

/** Rows that stand there once for several are several. */
export const withAllRows = (given: SiddhiCase): SiddhiCase => ({
  ...given,
  input: Array.isArray(given.input) ? given.input.flatMap(arrivalsOf) : given.input,
})

function arrivalsOf(given: Arrival & { readonly repeat?: number }): Arrival[] {
  const { repeat = 1, data } = given
  const once = Array.isArray(data) ? data.map((row: Arrival['data']) => ({ ...given, data: row })) : [given]
  return Array.from({ length: repeat }, () => once).flat()
}

/** Kinds of windows that are not there. */
const LATER = ['frequent', 'lossyFrequent', 'expression', 'expressionBatch', 'cron', 'batch', 'firstUnique']

/** Why a case is not run; undefined where it is, or where its window is unknown. */
export function reasonOf({ query: { window } }: Pick<SiddhiCase, 'query'>): string | undefined {
  if (window === undefined) return 'there are no joins'
  return LATER.includes(window.type) ? `not built yet: ${LATER.join(', ')}` : undefined
}

/** How a case is told, and so how it is run. */
export type Told =
  | 'later'
  | 'unknown'
  | 'refused'
  | 'session'
  | 'running session'
  | 'counts'
  | 'counts by output'
  | 'variants'
  | 'entering'
  | 'ends of batches'
  | 'rows'

/** By what it gives and expects. */
export function toldAs({ query, input, expected }: SiddhiCase): Told {
  const { window, select, output, variants } = query
  if (reasonOf({ query }) !== undefined) return 'later'
  if (window.type !== 'session' && KINDS[window.type] === undefined) return 'unknown'
  if (expected[0]?.kind === 'error') return 'refused'
  if (variants !== undefined) return 'variants'
  if (window.type === 'session') return select === undefined ? 'session' : 'running session'
  if (Array.isArray(output)) return 'counts by output'
  const isTold = expected.length > 0
  if (isTold && expected.every(row => 'current' in row || 'expired' in row)) return 'counts'
  if (isTold && expected.every(row => 'batch' in row && 'first' in row && 'last' in row)) return 'ends of batches'
  // Rows leave, and nothing is told of them.
  const leaves = window.type === 'length' && input.length > window.n
  if (output === 'all' && leaves && expected.every(row => row.kind === 'current')) return 'entering'
  return 'rows'
}

const KINDS = {
  ...{ length, lengthBatch, time, timeBatch, timeLength, delay, externalTime, externalTimeBatch, sort, unique },
} as unknown as Readonly<Record<string, (...args: unknown[]) => RowWindowSpec>>

/** The window of a case in the words of this library. */
export function windowOf({ window }: SiddhiCase['query'], output: WindowOutput): RowWindowSpec {
  if (window.args !== undefined) return KINDS[window.type]!(...window.args)
  const { n, ms, tsField, streamCurrent, start, timeoutMs: timeout, stampWithEnd } = window
  switch (window.type) {
    case 'length':
      return length(n, { output })
    case 'lengthBatch':
      return lengthBatch(n, { output, ...given({ streamCurrent }) })
    case 'time':
      return time(ms, { output })
    case 'timeBatch':
      return timeBatch(ms, { output, ...given({ start, streamCurrent }) })
    case 'timeLength':
      return timeLength(ms, n, { output })
    case 'delay':
      return delay(ms, { output })
    case 'externalTime':
      return externalTime(tsField, ms, { output })
    case 'externalTimeBatch':
      return externalTimeBatch(tsField, ms, { output, ...given({ start, timeout, stampWithEnd }) })
    case 'sort':
      return sort(n, window.by, { output })
    case 'unique':
      return unique(window.by, { output, unbounded: true })
  }
  throw new Error(`no window ${window.type}`)
}

// biome-ignore lint/suspicious/noExplicitAny: what a case gives may be of a type that is to be refused
const given = (options: Record<string, any>): Record<string, any> =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

/** The rows a case expects, each as a pattern. */
export function expectedRows({ query, expected, tolerance }: SiddhiCase, withKind: boolean): unknown[] {
  return expected.map(row => {
    const named = Object.entries(row)
      .filter(([name]) => name !== 'batch' && (withKind || name !== 'kind'))
      .map(([name, value]) => {
        const call = callOf(query, name)
        const isClose = tolerance !== undefined && typeof value === 'number'
        return [call, isClose ? expect.closeTo(value, tolerance) : value] as const
      })
    return expect.objectContaining(Object.fromEntries(named))
  })
}

/** What a column of the results is called here: a call such as `sum(price)`, which cases know as `sum` or `sumPrice`. */
function callOf({ select = [] }: SiddhiCase['query'], name: string): string {
  const isNamed = (text: string) => {
    const [, fn, column, as] = /^(\w+)\((\w*)\)(?: as (\w+))?$/.exec(text) ?? []
    if (as !== undefined) return name === as
    return fn !== undefined && (name === fn || name.toLowerCase() === `${fn}${column}`.toLowerCase())
  }
  return ALIASES[name] ?? withoutName(select.find(isNamed) ?? name)
}

/** A column or call without the name it is given: `sum(price) as total`. */
const withoutName = (text: string): string => text.split(' as ')[0]!

/** What one case calls the result of a call. */
const ALIASES: Readonly<Record<string, string>> = { distinctPages: 'distinctCount(pageID)' }

function havingOf(query: SiddhiCase['query']): RowQuery['having'] {
  if (query.having === undefined) return undefined
  const [, name, is, limit] = /^(\w+(?:\(\w*\))?) (>=?|<=?|==|!=) (-?[\d.]+)$/.exec(query.having) ?? []
  if (name === undefined) throw new Error(`"${query.having}" is no condition that is known`)
  return [callOf(query, name), COMPARISONS[is!]!, Number(limit)]
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  ...{ '>': 'gt', '>=': 'ge', '<': 'lt', '<=': 'le' },
  ...{ '==': 'eq', '!=': 'ne' },
} as const

function chunkOf(query: SiddhiCase['query']): Chunk {
  const { orderBy, limit, offset } = query.chunk ?? query
  const terms = orderBy?.map(term => {
    const [name, ...direction] = term.split(' ')
    return [callOf(query, name!), ...direction].join(' ')
  })
  return given({ orderBy: terms, limit, offset })
}

/** The query of a case, with the columns it expects beside its aggregates. */
export function queryOf({ query, input, expected }: SiddhiCase, output: WindowOutput): RowQuery {
  const { select, groupBy = [], partition } = query
  const { tsField } = query.window
  const having = havingOf(query)
  const asked = {
    window: windowOf(query, output),
    ...(having && { having }),
    times: tsField === undefined ? [] : [tsField as string],
    chunk: chunkOf(query),
    ...(partition && { partition }),
  }
  if (select === undefined) return asked
  const columns = Object.keys(input[0]?.data ?? {})
  const known = [...groupBy, ...(partition ?? [])]
  const wanted = columns.filter(name => !known.includes(name) && expected.some(row => name in row))
  return { ...asked, groupBy, select: [...new Set([...wanted, ...select.map(withoutName)])] }
}

export const outputOf = ({ query: { output = 'current' } }: SiddhiCase): WindowOutput =>
  typeof output === 'string' ? output : 'current'

/** What comes out of the query of a case on an engine. */
export async function runCase(of: SiddhiCase, engine: 'wasm' | 'js'): Promise<readonly Emitted[]> {
  return runQuery(queryOf(of, outputOf(of)), of.input, { engine, advanceTo: of.advance_to })
}
