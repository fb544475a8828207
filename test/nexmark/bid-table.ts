import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { bidRows } from '../../examples/nexmark/generator/bid-stream.ts'

/** A DuckDB with the bids of a stretch of events as a table `bids`; `seq` is their order. Times are BIGINT milliseconds. */
export class BidTable {
  readonly #connection: DuckDBConnection

  private constructor(connection: DuckDBConnection) {
    this.#connection = connection
  }

  static async of(events: number): Promise<BidTable> {
    const connection = await (await DuckDBInstance.create()).connect()
    await connection.run(
      'CREATE TABLE bids (seq INTEGER, auction INTEGER, bidder INTEGER, price INTEGER, "dateTime" BIGINT, ' +
        'channel VARCHAR, url VARCHAR, extra VARCHAR)',
    )
    const appender = await connection.createAppender('bids')
    let seq = 0
    for (const { auction, bidder, price, dateTime, channel, url, extra } of bidRows({ events })) {
      for (const number of [seq++, auction, bidder, price]) appender.appendInteger(number)
      appender.appendBigInt(BigInt(dateTime))
      for (const text of [channel, url, extra]) appender.appendVarchar(text)
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
