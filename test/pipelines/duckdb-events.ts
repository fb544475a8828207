import { type DuckDBAppender, type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { bool, f32, f64, i32, i64, type TypeName, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { Random } from '../kernels/random.ts'
import type { Row, Value } from '../plan/scalar-interpreter.ts'
import type { OracleColumn } from './duckdb-expressions.ts'

/** Events with a column of every type; `w` holds NaN and infinities too. */
export const oracleEvents = schema({
  time: timestamp(),
  d: f64().nullable(),
  w: f64().nullable(),
  s: f32(),
  n: i32(),
  m: i32().nullable(),
  u: u32(),
  l: i64().nullable(),
  k: i64(),
  b: bool().nullable(),
  t: timestamp().nullable(),
  x: utf8().nullable(),
  y: utf8(),
})

/** The same as what expressions are made of. */
export const oracleColumns: readonly OracleColumn[] = [
  ...(['d', 's', 'n', 'm', 'u'] as const).map(name => ({ name, kind: 'number' as const })),
  ...(['l', 'k'] as const).map(name => ({ name, kind: 'i64' as const })),
  ...(['time', 't'] as const).map(name => ({ name, kind: 'timestamp' as const })),
  ...(['x', 'y'] as const).map(name => ({ name, kind: 'utf8' as const })),
  { name: 'b', kind: 'bool' },
  { name: 'w', kind: 'special' },
]

/**
 * Random events that begin before the epoch, out of order by at most `disorderMs`. Values repeat, and no sum of `w` has
 * to be rounded.
 */
export function oracleRows(seed: number, count: number, disorderMs: number): Row[] {
  const random = new Random(seed)
  const maybe = (value: Value): Value => (random.chance(0.2) ? null : value)
  const decimal = () => (random.chance(0.5) ? random.below(9) - 4 : (random.below(200_001) - 100_000) / 100)
  const text = () => random.pick(['', 'a', 'b', 'ab', 'abc', 'ü', 'z z', `n${random.below(40)}`])
  let latest = -5_000
  return random.many(count, () => {
    latest += random.chance(0.3) ? 0 : random.below(200)
    return {
      time: latest - (disorderMs === 0 ? 0 : random.below(disorderMs + 1)),
      d: maybe(decimal()),
      w: maybe(random.pick([Number.NaN, Infinity, -Infinity, 0, -0, 1.5, (random.below(400) - 200) / 4])),
      s: Math.fround(decimal()),
      n: random.below(2_001) - 1_000,
      m: maybe(random.pick([0, 1, -1, 7, 2 ** 31 - 1, -(2 ** 31)])),
      u: random.pick([0, 1, 2, 2 ** 32 - 1]),
      l: maybe(BigInt(random.below(2_000_001) - 1_000_000)),
      k: BigInt(random.below(5) - 2),
      b: maybe(random.chance(0.5)),
      t: maybe(random.pick([0, -1, 1_000, random.below(200_000_000) - 100_000_000])),
      x: maybe(text()),
      y: text(),
    }
  })
}

const SQL_TYPE: Readonly<Partial<Record<TypeName, string>>> = {
  f64: 'DOUBLE',
  f32: 'FLOAT',
  i32: 'INTEGER',
  u32: 'UINTEGER',
  i64: 'BIGINT',
  timestamp: 'BIGINT',
  bool: 'BOOLEAN',
  utf8: 'VARCHAR',
}

/** A DuckDB with a table `events`: `seq`, the order of arrival, and the columns of `oracleEvents`. */
export class Oracle {
  readonly #connection: DuckDBConnection

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  static async open(): Promise<Oracle> {
    const connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect()
    const columns = oracleEvents.fields.map(({ name, type }) => `"${name}" ${SQL_TYPE[type.name]}`)
    await connection.run(`CREATE TABLE events (seq BIGINT, ${columns.join(', ')})`)
    return new Oracle(connection)
  }

  close(): void {
    this.#connection.closeSync()
  }

  /** Replaces the events. */
  async load(rows: readonly Row[]): Promise<void> {
    await this.#connection.run('TRUNCATE events')
    const appender = await this.#connection.createAppender('events')
    for (const [seq, row] of rows.entries()) {
      appender.appendBigInt(BigInt(seq))
      for (const { name, type } of oracleEvents.fields) {
        if (row[name] === null) appender.appendNull()
        else APPEND[type.name]!(appender, row[name] as never)
      }
      appender.endRow()
    }
    appender.closeSync()
  }

  /** The rows of a query, as arrays. */
  async query(sql: string): Promise<readonly (readonly Value[])[]> {
    try {
      return (await this.#connection.runAndReadAll(sql)).getRowsJS() as Value[][]
    } catch (cause) {
      throw new Error(`DuckDB refuses ${sql}`, { cause })
    }
  }
}

const APPEND: Readonly<Partial<Record<TypeName, (appender: DuckDBAppender, value: never) => void>>> = {
  f64: (appender, value) => appender.appendDouble(value),
  f32: (appender, value) => appender.appendFloat(value),
  i32: (appender, value) => appender.appendInteger(value),
  u32: (appender, value) => appender.appendUInteger(value),
  i64: (appender, value) => appender.appendBigInt(value),
  timestamp: (appender, value) => appender.appendBigInt(BigInt(value)),
  bool: (appender, value) => appender.appendBoolean(value),
  utf8: (appender, value) => appender.appendVarchar(value),
}
