// What is killed: a job over lines of standard input, which nobody can give again, with a log in front of it. It says which
// rows were accepted, and its file holds each row once.
//
//   node logged-life.mjs DIRECTORY SYNC

import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { i32, ndjsonSink, pipeline, type Source, schema } from 'eventflux'
import { fileSink, fileStore, type LoggedSourceOptions, loggedSource } from 'eventflux/node'

const [, , directory = '.', sync = 'each'] = process.argv

const lines: Source<{ id: number }> = {
  metadata: { name: 'lines', kind: 'lines', replayable: false, bounded: true },
  async run(intake) {
    for await (const line of createInterface({ input: process.stdin })) {
      const id = Number(line)
      // Each a row, or every fifth a block of columns: both are accepted once the push is through.
      await (id % 5 === 0 ? intake.pushColumns({ id: [id] }) : intake.push({ id }))
      writeSync(1, `${id}\n`)
    }
  },
}

const job = await pipeline(schema({ id: i32() })).run({
  source: loggedSource(lines, join(directory, 'log'), {
    sync: sync as NonNullable<LoggedSourceOptions['sync']>,
    segmentBytes: 2_000,
  }),
  sink: ndjsonSink(fileSink(join(directory, 'rows.ndjson'), { exactlyOnce: true })),
  checkpoint: { store: fileStore(join(directory, 'checkpoints')), everyEvents: 40, retain: 1 },
  restore: 'latest',
})
await job.done
