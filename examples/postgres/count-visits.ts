// Counts the visits of each page in windows of ten seconds, from a file of NDJSON into a table. Checkpoints are in the same
// database. Kill it and start it again, here or on another machine: every window is in the table once.
//
//   PGHOST=… PGUSER=… npx tsx examples/postgres/count-visits.ts visits.ndjson

import { count, keyValueStore, pipeline, type SinkHandler, schema, timestamp, tumbling, utf8 } from 'eventflux'
import { ndjsonFile } from 'eventflux/node'
import { Pool } from 'pg'
import { createOnce, postgresClient } from './postgres-client.ts'

const visits = schema({ time: timestamp(), page: utf8() })
const perPage = pipeline(visits, { bufferSize: 1_024 })
  .eventTime('time')
  .keyBy('page')
  .window(tumbling('10s'))
  .aggregate(() => ({ visits: count() }))

const pool = new Pool()
// A connection that breaks while nobody uses it: whoever uses the next one is told.
pool.on('error', error => console.error(error.message))
await createOnce(
  pool,
  `create table if not exists visits_per_page (
     epoch bigint, sequence bigint, window_start timestamptz not null, page text not null, visits integer not null,
     primary key (epoch, sequence))`,
)

/** A row that is written again, because the checkpoint before it was the last, has the id it had. */
const table: SinkHandler<{ windowStart: number; page: string; visits: number }> = {
  async send({ windowStart, page, visits }, { epoch, sequence }) {
    await pool.query('insert into visits_per_page values ($1, $2, $3, $4, $5) on conflict do nothing', [
      epoch,
      sequence,
      new Date(windowStart),
      page,
      visits,
    ])
  },
}

try {
  const job = await perPage.run({
    source: ndjsonFile(process.argv[2] ?? 'visits.ndjson', visits),
    sink: table,
    checkpoint: { store: keyValueStore(await postgresClient(pool), { prefix: 'visits-per-page/' }), everyEvents: 500 },
    restore: 'latest',
  })
  console.log('begun behind', job.restored?.inputs[0]?.rows ?? 0)
  await job.done
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await pool.end()
}
