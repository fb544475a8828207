import { basename } from 'node:path'
import { i32, type Source, schema, timestamp } from 'eventflux'
import { csvFile } from 'eventflux/node'

/** What the files hold. Whose mentions they count is only said by their name. */
const mentionsOfOne = schema({ timestamp: timestamp(), value: i32() })

/** `AAPL` of `Twitter_volume_AAPL.csv`; undefined for other files. */
export function tickerOf(fileName: string): string | undefined {
  return /^Twitter_volume_(\w+)\.csv$/.exec(fileName)?.[1]
}

/**
 * A file of one ticker as a source with a column `ticker`. A source is an object with a `run`: this one runs that of the
 * file, and adds a column to every block of rows on its way into the job.
 */
export function tickerFile(file: URL): Source<never> {
  const ticker = tickerOf(basename(file.pathname))!
  const rows = csvFile(file, mentionsOfOne, { timestamps: 'iso' })
  return {
    get metadata() {
      return rows.metadata
    },
    run: intake =>
      rows.run({
        signal: intake.signal,
        clock: intake.clock,
        push: event => intake.push(event),
        pushMany: events => intake.pushMany(events),
        pushColumns(block) {
          const { length } = block.value as Int32Array
          // Text as positions in a list: of a single text all positions are 0.
          return intake.pushColumns({ ...block, ticker: { codes: new Uint8Array(length), dictionary: [ticker] } })
        },
        reject: error => intake.reject(error),
      }),
  }
}
