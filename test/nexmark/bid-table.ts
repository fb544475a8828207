import {
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  VARCHAR,
} from '@duckdb/node-api'
import type { DrawnBids } from './drawn-bids.ts'

/** The most rows DuckDB takes at once. */
const CHUNK_ROWS = 2_048

/** A column by its type and the value at each row. */
type Filling = readonly [type: DuckDBType, at: (row: number) => DuckDBValue]

/** A cell in which two answers are not the same. */
interface Difference {
  readonly row: number
  readonly column: number
  readonly found: unknown
  readonly wanted: unknown
}

/** A DuckDB with bids as a table `bids`; `seq` is their order. Times are BIGINT milliseconds. */
export class BidTable {
  readonly #connection: DuckDBConnection

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  static async of(bids: DrawnBids, eventsPerSecond: number): Promise<BidTable> {
    const connection = await (await DuckDBInstance.create()).connect()
    const { auction, bidder, price, channel, url, extra } = bids
    // A channel has one URL: they go in once, and not with each of their bids.
    await connection.run('CREATE TABLE channels (code INTEGER, channel VARCHAR, url VARCHAR)')
    await fill(connection, 'channels', channel.dictionary.length, [
      [INTEGER, code => code],
      [VARCHAR, code => channel.dictionary[code]!],
      [VARCHAR, code => url.dictionary[code]!],
    ])
    await connection.run(
      'CREATE TABLE drawn (seq INTEGER, auction INTEGER, bidder INTEGER, price INTEGER, time DOUBLE, code INTEGER, ' +
        'extra VARCHAR)',
    )
    await fill(connection, 'drawn', bids.rows, [
      [INTEGER, row => row],
      [INTEGER, row => auction[row]!],
      [INTEGER, row => bidder[row]!],
      [INTEGER, row => price[row]!],
      [DOUBLE, row => bids.timeOf(row, eventsPerSecond)],
      [INTEGER, row => channel.codes[row]!],
      [VARCHAR, row => extra[row]!],
    ])
    await connection.run(
      'CREATE TABLE bids AS SELECT seq, auction, bidder, price, time::BIGINT AS "dateTime", channel, url, extra ' +
        'FROM drawn JOIN channels USING (code); DROP TABLE drawn',
    )
    return new BidTable(connection)
  }

  /** The columns of an answer, with numbers for every number. */
  async columns(sql: string): Promise<unknown[][]> {
    const reader = await this.#connection.runAndReadAll(sql)
    return reader.getColumns().map(column => column.map(asNumber))
  }

  /** The first cell in which these columns are not those of an answer; a side that has no such row has `undefined` there. */
  async firstDifference(sql: string, found: readonly (readonly unknown[])[]): Promise<Difference | undefined> {
    const answer = await this.#connection.stream(sql)
    let from = 0
    for (let chunk = await answer.fetchChunk(); chunk?.rowCount; chunk = await answer.fetchChunk()) {
      const { rowCount: rows } = chunk
      for (let column = 0; column < Math.max(found.length, chunk.columnCount); column++) {
        const values = found[column] ?? []
        const vector = column < chunk.columnCount ? chunk.getColumnVector(column) : undefined
        for (let i = 0; i < rows; i++) {
          const wanted = asNumber(vector?.getItem(i))
          if (values[from + i] !== wanted) return { row: from + i, column, found: values[from + i], wanted }
        }
      }
      from += rows
    }
    const column = found.findIndex(({ length }) => length !== from)
    return column < 0 ? undefined : { row: from, column, found: found[column]![from], wanted: undefined }
  }

  close(): void {
    this.#connection.closeSync()
  }
}

const asNumber = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value)

/** Appends rows to a table, a chunk at a time. */
async function fill(connection: DuckDBConnection, table: string, rows: number, columns: readonly Filling[]) {
  const appender = await connection.createAppender(table)
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const length = Math.min(CHUNK_ROWS, rows - from)
    const chunk = DuckDBDataChunk.create(
      columns.map(([type]) => type),
      length,
    )
    for (const [i, [, at]] of columns.entries())
      chunk.setColumnValues(
        i,
        Array.from({ length }, (_, row) => at(from + row)),
      )
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
}
