import type { AggregateName, ResultNode } from '../../src/expression/node.ts'
import type { Tape } from '../plan/tape.ts'
import { type Kind, type OracleColumn, type Said, Sayings } from './duckdb-expressions.ts'

/** How near a result must come. */
export type Nearness =
  /** Equal. */
  | 'exact'
  /** 1e-9 of the value, or rounding errors of what was added up to it: `scale` is the sum (or mean) of magnitudes. */
  | 'sum'
  /** The same for variances (`scale`: greatest square) and standard deviations, whose squares are compared. */
  | 'variance'
  | 'deviation'

/** An aggregate of ours and DuckDB's, with the SQL of the scale its rounding errors are measured by. */
export interface SaidAggregate {
  readonly result: ResultNode
  readonly sql: string
  readonly scaleSql: string
  readonly nearness: Nearness
}

const ALL_KINDS: readonly Kind[] = ['number', 'i64', 'bool', 'timestamp', 'utf8']

/** A random aggregate over `columns`; rows have a column `seq`, their order of arrival. */
export function aggregateOf(columns: readonly OracleColumn[], tape: Tape): SaidAggregate {
  const say = new Sayings(columns, tape)
  const hasSpecial = columns.some(column => column.kind === 'special')
  const any = (): Said => {
    if (hasSpecial && tape.below(8) === 7) return say.of('special')
    return say.of(tape.pick(ALL_KINDS), tape.below(3))
  }
  return tape.pick([
    () => exact('count', undefined, () => 'count(*)'),
    () => exact('count', any(), x => `count(${x})`),
    () => exact('countIf', say.of('bool'), x => `count(*) FILTER (WHERE ${x})`),
    () => exact('sum', say.of('i64'), x => `sum(${x})`),
    () => exact('min', say.of(tape.pick<Kind>(['number', 'i64', 'timestamp'])), x => `min(${x})`),
    () => exact('max', say.of(tape.pick<Kind>(['number', 'i64', 'timestamp'])), x => `max(${x})`),
    () => exact('first', any(), x => `arg_min(${x}, seq)`),
    () => exact('last', any(), x => `arg_max(${x}, seq)`),
    () => summed('sum', say.of('number'), x => `fsum(${x})`),
    () => summed('avg', say.of('number'), x => `fsum(${x}) / count(${x})`),
    () => summed('avg', say.of('i64'), x => `avg(${x})`),
    () => spread('variance', 'variance', say.of('number', 1), 'var_pop'),
    () => spread('varianceSample', 'variance', say.of('number', 1), 'var_samp'),
    () => spread('stdDev', 'deviation', say.of('number', 1), 'stddev_pop'),
    () => spread('stdDevSample', 'deviation', say.of('number', 1), 'stddev_samp'),
    () => exact('distinctCount', any(), x => `count(DISTINCT ${x})`),
    // Exact for as few values as there are here.
    () => exact('approxDistinct', any(), x => `count(DISTINCT ${x})`),
    () => exact('boolAnd', say.of('bool'), x => `bool_and(${x})`),
    () => exact('boolOr', say.of('bool'), x => `bool_or(${x})`),
    () => chosen('argMin', any(), say.of(tape.pick<Kind>(['number', 'i64', 'timestamp']))),
    () => chosen('argMax', any(), say.of(tape.pick<Kind>(['number', 'i64', 'timestamp']))),
    () => listed('topK', say.of(tape.pick<Kind>(['number', 'i64', 'timestamp'])), 1 + tape.below(4)),
    () => listed('bottomK', say.of(tape.pick<Kind>(['number', 'i64', 'timestamp'])), 1 + tape.below(4)),
    () => listed('collect', say.of(tape.pick(ALL_KINDS)), 1 + tape.below(20)),
    () => listedOnce(say.of(tape.pick(ALL_KINDS)), 1 + tape.below(20)),
    () => percentile(say.of('number'), tape.pick([0, 0.1, 0.5, 0.75, 0.99, 1])),
    () => (hasSpecial ? tape.pick(specials(say.of('special'))) : exact('count', undefined, () => 'count(*)')),
  ])()
}

/** Of NaN and infinities: a sum is what IEEE says, extremes pass over NaN unless there is nothing else. */
export function specials(value: Said): readonly SaidAggregate[] {
  const extreme = (fn: 'min' | 'max') => (x: string) =>
    `coalesce(${fn}(${x}) FILTER (WHERE NOT isnan(${x})), CASE WHEN count(${x}) > 0 THEN 'nan'::DOUBLE END)`
  return [
    exact('min', value, extreme('min')),
    exact('max', value, extreme('max')),
    exact('sum', value, x => `sum(${x})`),
    exact('avg', value, x => `sum(${x}) / count(${x})`),
  ]
}

function aggregate(fn: AggregateName, value: Said | undefined, said: Omit<SaidAggregate, 'result'>): SaidAggregate {
  return { result: { kind: 'aggregate', fn, args: value === undefined ? [] : [value.node] }, ...said }
}

export function exact(fn: AggregateName, value: Said | undefined, sql: (x: string) => string): SaidAggregate {
  return aggregate(fn, value, { sql: sql(value?.sql ?? ''), scaleSql: '0', nearness: 'exact' })
}

/** The first of the best, by arrival. */
export function chosen(fn: 'argMin' | 'argMax', value: Said, by: Said): SaidAggregate {
  const order = `${by.sql} ${fn === 'argMin' ? 'ASC' : 'DESC'}, seq`
  return {
    result: { kind: 'aggregate', fn, args: [value.node, by.node] },
    sql: `first(${value.sql} ORDER BY ${order}) FILTER (WHERE (${value.sql}) IS NOT NULL AND (${by.sql}) IS NOT NULL)`,
    scaleSql: '0',
    nearness: 'exact',
  }
}

/** The first different ones of some values, by first arrival. */
export function listedOnce(value: Said, count: number): SaidAggregate {
  const all = `(list(${value.sql} ORDER BY seq) FILTER (WHERE (${value.sql}) IS NOT NULL))`
  return {
    result: { kind: 'aggregate', fn: 'collectSet', args: [value.node, { kind: 'literal', type: 'f64', value: count }] },
    sql: `coalesce(list_filter(${all}, (v, i) -> list_position(${all}, v) = i), [])[1:${count}]`,
    scaleSql: '0',
    nearness: 'exact',
  }
}

const LIST_ORDER = { topK: 'DESC', bottomK: 'ASC' } as const

/** The first of some values: by arrival, or the greatest or least, equal ones by arrival. */
export function listed(fn: 'topK' | 'bottomK' | 'collect', value: Said, count: number): SaidAggregate {
  const order = fn === 'collect' ? 'seq' : `${value.sql} ${LIST_ORDER[fn]}, seq`
  return {
    result: { kind: 'aggregate', fn, args: [value.node, { kind: 'literal', type: 'f64', value: count }] },
    sql: `coalesce(list(${value.sql} ORDER BY ${order}) FILTER (WHERE (${value.sql}) IS NOT NULL), [])[1:${count}]`,
    scaleSql: '0',
    nearness: 'exact',
  }
}

export function percentile(value: Said, p: number): SaidAggregate {
  return {
    result: { kind: 'aggregate', fn: 'percentile', args: [value.node, { kind: 'literal', type: 'f64', value: p }] },
    sql: `quantile_cont((${value.sql})::DOUBLE, ${p})`,
    scaleSql: `max(abs(${value.sql}))::DOUBLE`,
    nearness: 'sum',
  }
}

export function summed(fn: 'sum' | 'avg', value: Said, sql: (x: string) => string): SaidAggregate {
  const scale = fn === 'sum' ? 'sum' : 'avg'
  return aggregate(fn, value, { sql: sql(value.sql), scaleSql: `${scale}(abs(${value.sql}))::DOUBLE`, nearness: 'sum' })
}

export function spread(fn: AggregateName, nearness: Nearness, value: Said, sqlName: string): SaidAggregate {
  return aggregate(fn, value, {
    sql: `${sqlName}(${value.sql})`,
    scaleSql: `max(${value.sql} * ${value.sql})`,
    nearness,
  })
}
