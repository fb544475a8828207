// What is killed: five queries of NEXMark over one file of bids, each with checkpoints and a file its results go to. Whatever
// was done before it goes on with. It tells how many rows have come in, all queries together: by that it is killed.
//
//   node queries.mjs DIRECTORY

import { join } from 'node:path'
import { ndjsonSink } from 'eventflux'
import { fileSink, fileStore, ndjsonFile } from 'eventflux/node'
import { queries } from '../../../examples/nexmark/queries/index.ts'
import { BIDS, CHECKPOINT_EVENTS, KILLED, RESULTS } from './files.ts'

const [, , directory = '.'] = process.argv

interface Query {
  run(options: object): Promise<{ readonly done: Promise<unknown>; counts(): { readonly accepted: number } }>
}

const counted: (() => number)[] = []
const jobs = KILLED.map(async name => {
  const query = queries[name]() as unknown as Query
  const job = await query.run({
    source: ndjsonFile(join(directory, '..', BIDS)),
    sink: ndjsonSink(fileSink(join(directory, name + RESULTS), { exactlyOnce: true })),
    checkpoint: { store: fileStore(join(directory, `${name}.checkpoints`)), everyEvents: CHECKPOINT_EVENTS },
    restore: 'latest',
  })
  counted.push(() => job.counts().accepted)
  await job.done
})
const telling = setInterval(() => {
  process.stdout.write(`${counted.reduce((sum, accepted) => sum + accepted(), 0)}\n`)
}, 1)
await Promise.all(jobs)
clearInterval(telling)
