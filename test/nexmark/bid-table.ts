import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import type { CodedStrings } from '../../src/memory/column-input.ts'
import type { DrawnBids } from './drawn-bids.ts'

/** A DuckDB with bids as a table `bids`; `seq` is their order. Times are BIGINT milliseconds. */
export class BidTable {
  readonly #connection: DuckDBConnection

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  static async of(bids: DrawnBids, eventsPerSecond: number): Promise<BidTable> {
    const connection = await (await DuckDBInstance.create()).connect()
    await connection.run(
      'CREATE TABLE bids (seq INTEGER, auction INTEGER, bidder INTEGER, price INTEGER, "dateTime" BIGINT, ' +
        'channel VARCHAR, url VARCHAR, extra VARCHAR)',
    )
    const appender = await connection.createAppender('bids')
    const textAt = ({ codes, dictionary }: CodedStrings, row: number) => dictionary[codes[row]!]!
    for (let row = 0; row < bids.rows; row++) {
      const { auction, bidder, price, channel, url, extra } = bids
      for (const number of [row, auction[row]!, bidder[row]!, price[row]!]) appender.appendInteger(number)
      appender.appendBigInt(BigInt(bids.timeOf(row, eventsPerSecond)))
      for (const text of [textAt(channel, row), textAt(url, row), extra[row]!]) appender.appendVarchar(text)
      appender.endRow()
    }
    appender.closeSync()
    return new BidTable(connection)
  }

  /** The columns of an answer, with numbers for every number. */
  async columns(sql: string): Promise<unknown[][]> {
    const reader = await this.#connection.runAndReadAll(sql)
    return reader.getColumns().map(column => (typeof column[0] === 'bigint' ? column.map(Number) : column))
  }

  close(): void {
    this.#connection.closeSync()
  }
}
