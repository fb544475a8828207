import type { ExpressionNode, FunctionName, LiteralNode } from '../../src/expression/node.ts'
import type { Tape } from '../plan/tape.ts'

/** What an expression is computed as. `special`: an f64 that may be NaN or infinite, which SQL orders otherwise. */
export type Kind = 'number' | 'i64' | 'bool' | 'timestamp' | 'utf8' | 'special'

/** A column by our name, which is DuckDB's too. Timestamps are BIGINT there: milliseconds. */
export interface OracleColumn {
  readonly name: string
  readonly kind: Kind
}

/** One expression, said twice: as a node of ours and in DuckDB's SQL. Numbers are DOUBLE on both sides. */
export interface Said {
  readonly node: ExpressionNode
  readonly sql: string
}

const call = (fn: FunctionName, sql: string, ...args: readonly Said[]): Said => ({
  node: { kind: 'call', fn, args: args.map(arg => arg.node) },
  sql,
})

/** A condition that is never null here; there null means false. */
const never = (fn: FunctionName, sql: string, ...args: readonly Said[]): Said =>
  call(fn, `coalesce(${sql}, false)`, ...args)

const literal = (type: LiteralNode['type'], value: number | string | boolean, sql: string): Said => ({
  node: { kind: 'literal', type, value },
  sql,
})
const f64 = (value: number): Said => literal('f64', value, `(${value})::DOUBLE`)
const i64 = (value: number): Said => literal('i64', String(value), `(${value})::BIGINT`)
const text = (value: string): Said => literal('utf8', value, `'${value}'`)
const time = (value: number): Said => literal('timestamp', value, `(${value})::BIGINT`)
const truth = (value: boolean): Said => literal('bool', value, String(value))

/** The start of an interval, in integers of SQL. */
export const alignedSql = (ms: string, size: number, offset: number): string =>
  `(${ms} - ((${ms} - (${offset})) % ${size} + ${size}) % ${size})`

/** A column as a value of its kind. */
export const columnOf = ({ name, kind }: OracleColumn): Said => ({
  node: { kind: 'column', name },
  sql: kind === 'number' || kind === 'special' ? `"${name}"::DOUBLE` : `"${name}"`,
})

/** Random expressions over columns that are never NaN, infinite or out of range by themselves. */
export class Sayings {
  readonly #columns: readonly OracleColumn[]
  readonly #tape: Tape

  constructor(columns: readonly OracleColumn[], tape: Tape) {
    this.#columns = columns
    this.#tape = tape
  }

  of(kind: Kind, depth = 2): Said {
    const columns = this.#columns.filter(column => column.kind === kind)
    if (kind === 'special') return columnOf(this.#tape.pick(columns))
    if (depth <= 0 || this.#tape.below(4) === 0) {
      if (columns.length > 0 && this.#tape.below(3) < 2) return columnOf(this.#tape.pick(columns))
      return this.#literal(kind)
    }
    if (this.#tape.below(6) === 5) return this.#choice(kind, depth - 1)
    switch (kind) {
      case 'number':
        return this.#number(depth - 1)
      case 'i64':
        return this.#integer(depth - 1)
      case 'bool':
        return this.#condition(depth - 1)
      case 'timestamp':
        return this.#time(depth - 1)
      case 'utf8':
        return this.#text(depth - 1)
    }
  }

  #literal(kind: Exclude<Kind, 'special'>): Said {
    switch (kind) {
      case 'number':
        return f64(this.#tape.pick([0, 1, 2, -3, 0.5, 10, 0.1]))
      case 'i64':
        return i64(this.#tape.pick([0, 1, -7, 1_000]))
      case 'bool':
        return truth(this.#tape.below(2) === 0)
      case 'timestamp':
        return time(this.#tape.pick([0, 1_000, -1]))
      case 'utf8':
        return text(this.#tape.pick(['a', '', 'ab', 'ü']))
    }
  }

  /** `if`, `case` and `coalesce`, of any kind. */
  #choice(kind: Kind, depth: number): Said {
    const [a, b] = [this.of(kind, depth), this.of(kind, depth)]
    const when = this.of('bool', depth)
    switch (this.#tape.below(3)) {
      case 0:
        return call('coalesce', `coalesce(${a.sql}, ${b.sql})`, a, b)
      case 1:
        return call('if', `CASE WHEN ${when.sql} THEN ${a.sql} ELSE ${b.sql} END`, when, a, b)
      default: {
        const [or, c] = [this.of('bool', depth), this.of(kind, depth)]
        const sql = `CASE WHEN ${when.sql} THEN ${a.sql} WHEN ${or.sql} THEN ${b.sql} ELSE ${c.sql} END`
        return call('case', sql, when, a, or, b, c)
      }
    }
  }

  /** Of two; DuckDB's own passes over nulls. */
  #extreme(kind: Kind, depth: number): Said {
    const [a, b] = [this.of(kind, depth), this.of(kind, depth)]
    const fn = this.#tape.pick<FunctionName>(['least', 'greatest'])
    return call(fn, `CASE WHEN ${a.sql} IS NOT NULL AND ${b.sql} IS NOT NULL THEN ${fn}(${a.sql}, ${b.sql}) END`, a, b)
  }

  #number(depth: number): Said {
    const number = () => this.of('number', depth)
    const unary = (fn: FunctionName, sql: string = fn) => {
      const a = number()
      return call(fn, `${sql}(${a.sql})`, a)
    }
    const binary = (fn: FunctionName, sql: (a: string, b: string) => string) => {
      const [a, b] = [number(), number()]
      return call(fn, `(${sql(a.sql, b.sql)})`, a, b)
    }
    const part = (fn: FunctionName, sql: string = fn) => {
      const a = this.of('timestamp', depth)
      return call(fn, `${sql}(epoch_ms(${a.sql}))::DOUBLE`, a)
    }
    return this.#tape.pick([
      () => binary('add', (a, b) => `${a} + ${b}`),
      () => binary('sub', (a, b) => `${a} - ${b}`),
      () => binary('mul', (a, b) => `${a} * ${b}`),
      () => binary('div', (a, b) => `${a} / nullif(${b}, 0)`),
      () => binary('mod', (a, b) => `${a} % nullif(${b}, 0)`),
      () => binary('idiv', (a, b) => `trunc(${a} / nullif(${b}, 0))`),
      () => this.#extreme('number', depth),
      () => unary('floor'),
      () => unary('ceil'),
      () => unary('round'),
      () => unary('abs'),
      () => unary('neg', '-'),
      () => {
        const a = unary('abs')
        return call('sqrt', `sqrt(${a.sql})`, a)
      },
      () => part('hour'),
      () => part('minute'),
      () => part('second'),
      () => part('dayOfWeek', 'dayofweek'),
      () => {
        const [a, b] = [this.of('timestamp', depth), this.of('timestamp', depth)]
        return call('sub', `(${a.sql} - ${b.sql})::DOUBLE`, a, b)
      },
      () => {
        const a = this.of('utf8', depth)
        return call('length', `length(${a.sql})::DOUBLE`, a)
      },
      () => {
        const a = this.of('i64', depth)
        return call('toF64', `${a.sql}::DOUBLE`, a)
      },
      () => {
        const a = number()
        return call('toI32', `try_cast(trunc(${a.sql}) AS INTEGER)::DOUBLE`, a)
      },
    ])()
  }

  #integer(depth: number): Said {
    const binary = (fn: FunctionName, sql: (a: string, b: string) => string, b = this.of('i64', depth)) => {
      const a = this.of('i64', depth)
      return call(fn, `(${sql(a.sql, b.sql)})`, a, b)
    }
    return this.#tape.pick([
      () => binary('add', (a, b) => `${a} + ${b}`),
      () => binary('sub', (a, b) => `${a} - ${b}`),
      () => binary('mul', (a, b) => `${a} * ${b}`, i64(this.#tape.pick([2, -7]))),
      () => binary('idiv', (a, b) => `${a} // nullif(${b}, 0)`),
      () => binary('mod', (a, b) => `${a} % nullif(${b}, 0)`),
      () => this.#extreme('i64', depth),
      () => {
        const a = this.of('i64', depth)
        return call('neg', `(-${a.sql})`, a)
      },
      () => {
        const a = this.of('i64', depth)
        return call('abs', `abs(${a.sql})`, a)
      },
      () => {
        const a = this.of('number', depth)
        return call('toI64', `try_cast(trunc(${a.sql}) AS BIGINT)`, a)
      },
    ])()
  }

  #time(depth: number): Said {
    if (this.#tape.below(2) === 0) return this.#extreme('timestamp', depth)
    const a = this.of('timestamp', depth)
    const [size, offset] = [1 + this.#tape.below(5_000), this.#tape.below(100)]
    return call('floorTo', alignedSql(a.sql, size, offset), a, f64(size), f64(offset))
  }

  #text(depth: number): Said {
    return this.#tape.pick([
      () => {
        const value = this.of(this.#tape.pick<Kind>(['i64', 'bool']), depth)
        return call('toUtf8', `cast(${value.sql} AS VARCHAR)`, value)
      },
      () => {
        const a = this.of('utf8', depth)
        const fn = this.#tape.pick<FunctionName>(['lower', 'upper'])
        return call(fn, `${fn}(${a.sql})`, a)
      },
      () => {
        const [a, separator, index] = [
          this.of('utf8', depth),
          text(this.#tape.pick(['a', 'b', '1'])),
          this.#tape.below(3),
        ]
        // DuckDB's lists begin at 1, and have null beyond their end.
        return call('splitPart', `string_split(${a.sql}, ${separator.sql})[${index + 1}]`, a, separator, f64(index))
      },
    ])()
  }

  #condition(depth: number): Said {
    const any = () => this.#tape.pick<Kind>(['number', 'i64', 'timestamp', 'utf8', 'bool'])
    const ordered = () => this.#tape.pick<Kind>(['number', 'i64', 'timestamp'])
    const two = (kind: Kind): [Said, Said] => [this.of(kind, depth), this.of(kind, depth)]
    return this.#tape.pick([
      () => {
        const [fn, operator] = this.#tape.pick(ORDER)
        const [a, b] = two(ordered())
        return never(fn, `${a.sql} ${operator} ${b.sql}`, a, b)
      },
      () => {
        const [a, b] = two(any())
        return never('eq', `${a.sql} = ${b.sql}`, a, b)
      },
      () => {
        const [a, b] = two(any())
        return call('ne', `coalesce(${a.sql} <> ${b.sql}, true)`, a, b)
      },
      () => {
        const kind = ordered()
        const [low, high] = two(kind)
        const a = this.of(kind, depth)
        return never('between', `${a.sql} BETWEEN ${low.sql} AND ${high.sql}`, a, low, high)
      },
      () => {
        const kind = this.#tape.pick<'number' | 'i64' | 'utf8'>(['number', 'i64', 'utf8'])
        const [a, one, other] = [this.of(kind, depth), this.#literal(kind), this.#literal(kind)]
        return never('in', `${a.sql} IN (${one.sql}, ${other.sql})`, a, one, other)
      },
      () => {
        const [a, prefix] = [this.of('utf8', depth), this.#literal('utf8')]
        return never('startsWith', `starts_with(${a.sql}, ${prefix.sql})`, a, prefix)
      },
      () => {
        const [a, part] = [this.of('utf8', depth), this.#literal('utf8')]
        return never('contains', `contains(${a.sql}, ${part.sql})`, a, part)
      },
      () => this.#special(),
      () => {
        const [fn, operator] = this.#tape.pick([
          ['and', 'AND'],
          ['or', 'OR'],
        ] as const)
        const [a, b] = two('bool')
        return call(fn, `(coalesce(${a.sql}, false) ${operator} coalesce(${b.sql}, false))`, a, b)
      },
      () => {
        const a = this.of('bool', depth)
        return call('not', `(NOT ${a.sql})`, a)
      },
      () => {
        const a = this.of(any(), depth)
        return call('isNull', `(${a.sql} IS NULL)`, a)
      },
      () => {
        const a = this.of(any(), depth)
        return call('isNotNull', `(${a.sql} IS NOT NULL)`, a)
      },
      () => {
        const a = this.of('number', depth)
        return call('toBool', `(${a.sql} <> 0)`, a)
      },
    ])()
  }

  /** Comparisons of values that may be NaN, which DuckDB takes for the greatest number. */
  #special(): Said {
    const columns = this.#columns.filter(column => column.kind === 'special')
    if (columns.length === 0) return truth(true)
    const a = columnOf(this.#tape.pick(columns))
    const b = this.#literal('number')
    const [fn, operator] = this.#tape.pick(ORDER)
    return never(fn, `(NOT isnan(${a.sql}) AND ${a.sql} ${operator} ${b.sql})`, a, b)
  }
}

const ORDER = [
  ['lt', '<'],
  ['le', '<='],
  ['gt', '>'],
  ['ge', '>='],
] as const
