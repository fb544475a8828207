import { BASE_TIME } from '../../examples/nexmark/generator/bid-stream.ts'
import type { queries } from '../../examples/nexmark/queries/index.ts'

/** A query in DuckDB's SQL, after nexmark-flink's: the same columns in the same order. */
interface Asked {
  readonly sql: string
  /** By how many of the first columns both sides are sorted; without it, rows come in the order of the bids. */
  readonly sortedBy?: number
  /** Results replace earlier ones that are equal in these columns; the first column, `windowTime`, is left out. */
  readonly latestBy?: readonly number[]
  /** Events a second of the stream; default 10,000. */
  readonly eventsPerSecond?: number
}

/** So few that a million events are almost twelve days. */
const SLOW = 1
// 46 bids follow each person and three auctions, an event every second.
const SLOW_TIME = `(${BASE_TIME} + (seq // 46 * 50 + 4 + seq % 46) * ${1_000 / SLOW})`
const DAY = 86_400_000
const DAYS = `${SLOW_TIME} // ${DAY} * ${DAY} AS ws, ws + ${DAY} AS we`

const RANKS = ['true', 'price < 10000', 'price >= 10000 AND price < 1000000', 'price >= 1000000']
const countsByRank = RANKS.map(rank => `count(*) FILTER (${rank})`).join()
const distinctByRank = (column: string) => RANKS.map(rank => `count(DISTINCT ${column}) FILTER (${rank})`).join()
const statistics = `${countsByRank}, ${distinctByRank('bidder')}, ${distinctByRank('auction')}`

const CHANNEL_ID = `CASE lower(channel) WHEN 'apple' THEN '0' WHEN 'google' THEN '1' WHEN 'facebook' THEN '2'
  WHEN 'baidu' THEN '3' ELSE nullif(regexp_extract(url, '(&|^)channel_id=([^&]*)', 2), '') END`

/** What q12's clock shows when a bid comes: see the test. */
const CLOCK = '(seq // 1000 * 100)'

export const SQL: Readonly<Record<keyof typeof queries, Asked>> = {
  q0: { sql: 'SELECT auction, bidder, price, "dateTime", extra FROM bids ORDER BY seq' },
  q1: { sql: 'SELECT auction, bidder, (0.908 * price)::DOUBLE, "dateTime", extra FROM bids ORDER BY seq' },
  q2: { sql: 'SELECT auction, price FROM bids WHERE auction % 123 = 0 ORDER BY seq' },
  q5: {
    sql: `WITH windows AS (SELECT "dateTime" // 2000 * 2000 - unnest([0, 2000, 4000, 6000, 8000]) AS ws, auction FROM bids),
      counts AS (SELECT ws, auction, count(*) AS n FROM windows GROUP BY ALL)
      SELECT ws, ws + 10000, auction, n FROM counts
      QUALIFY n = max(n) OVER (PARTITION BY ws) ORDER BY ws, auction`,
    sortedBy: 3,
  },
  // nexmark-flink's window takes in its end as well, and with it any bid of the next window's first instant that happens to
  // have the highest price of this one.
  q7: {
    sql: `WITH highest AS (SELECT "dateTime" // 10000 * 10000 AS ws, max(price) AS price FROM bids GROUP BY ws)
      SELECT ws, ws + 10000, auction, bidder, price, "dateTime" FROM highest JOIN bids USING (price)
      WHERE "dateTime" >= ws AND "dateTime" < ws + 10000 ORDER BY ws, seq`,
    sortedBy: 1,
  },
  q11: {
    sql: `WITH gaps AS (SELECT *, "dateTime" - lag("dateTime") OVER w > 10000 AS opens FROM bids
        WINDOW w AS (PARTITION BY bidder ORDER BY seq)),
      sessions AS (SELECT *, sum(coalesce(opens, true)::INTEGER) OVER (PARTITION BY bidder ORDER BY seq) AS n FROM gaps)
      SELECT min("dateTime") AS ws, max("dateTime") + 10000, bidder, count(*) FROM sessions GROUP BY bidder, n
      ORDER BY 1, 2, 3`,
    sortedBy: 3,
  },
  q12: {
    sql: `SELECT ${CLOCK} // 10000 * 10000 AS ws, ws + 10000, bidder, count(*) FROM bids GROUP BY ws, bidder
      ORDER BY ws, bidder`,
    sortedBy: 3,
  },
  q14: {
    sql: `SELECT auction, bidder, (0.908 * price)::DOUBLE, CASE WHEN h BETWEEN 8 AND 18 THEN 'dayTime'
        WHEN h <= 6 OR h >= 20 THEN 'nightTime' ELSE 'otherTime' END, "dateTime", extra,
        length(extra) - length(replace(extra, 'c', ''))
      FROM (SELECT * REPLACE (${SLOW_TIME} AS "dateTime"), hour(epoch_ms(${SLOW_TIME})) AS h FROM bids)
      WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000 ORDER BY seq`,
    eventsPerSecond: SLOW,
  },
  q15: { sql: `SELECT ${DAYS}, ${statistics} FROM bids GROUP BY ws ORDER BY ws`, sortedBy: 1, eventsPerSecond: SLOW },
  q16: {
    sql: `SELECT ${DAYS}, channel, max(${SLOW_TIME}) // 60000 * 60000, ${statistics} FROM bids GROUP BY ws, channel
      ORDER BY ws, channel`,
    sortedBy: 3,
    eventsPerSecond: SLOW,
  },
  q17: {
    sql: `SELECT ${DAYS}, auction, ${countsByRank}, min(price), max(price), avg(price), sum(price)::DOUBLE
      FROM bids GROUP BY ws, auction ORDER BY ws, auction`,
    sortedBy: 3,
    eventsPerSecond: SLOW,
  },
  q18: {
    sql: `SELECT bidder, auction, price, "dateTime" FROM bids
      QUALIFY row_number() OVER (PARTITION BY bidder, auction ORDER BY "dateTime" DESC, seq DESC) = 1
      ORDER BY bidder, auction`,
    latestBy: [1, 2],
    sortedBy: 2,
  },
  q19: {
    sql: `SELECT auction, bidder, price, "dateTime",
        row_number() OVER (PARTITION BY auction ORDER BY price DESC, seq) AS place FROM bids
      QUALIFY place <= 10 ORDER BY auction, place`,
    latestBy: [1, 5],
    sortedBy: 1,
  },
  q21: {
    sql: `SELECT auction, bidder, price, channel, ${CHANNEL_ID} AS id FROM bids WHERE id IS NOT NULL ORDER BY seq`,
  },
  q22: {
    sql: `SELECT auction, bidder, price, channel, split_part(url, '/', 4), split_part(url, '/', 5),
      split_part(url, '/', 6) FROM bids ORDER BY seq`,
  },
}
