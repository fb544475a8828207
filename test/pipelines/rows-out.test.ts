import { describe, expect, it } from 'vitest'
import { i32, type Job, pipeline, type RunOptions, type SinkLike, schema } from '../../src/index.ts'
import { turn } from './ledger.harness.ts'

const events = schema({ id: i32() })
type Row = { id: number }

const start = (sink: SinkLike<Row>, options: RunOptions<Row, Row>): Promise<Job<Row, Row>> =>
  pipeline(events, { engine: 'js' }).run({ sink, ...options })

const push = (job: Job<Row, Row>, count: number, from = 0) => {
  for (let id = from; id < from + count; id++) job.push({ id })
}

describe('the rows that went out', () => {
  it.each(['at once', 'later'])('are those the sink took, also where it throws: %s', async when => {
    for (const policy of ['fail', 'skip'] as const) {
      const write = ({ id }: Row) => {
        if (id === 1) throw new Error('no')
      }
      const sink = when === 'at once' ? write : async (row: Row) => write(row)
      const job = await start(sink, { errors: { sink: policy } })
      push(job, 1)
      await job.flush()
      expect(job.metrics().counters.numRecordsOut).toBe(1)
      push(job, 2, 1)
      const out = await job.flush().then(
        () => 2,
        () => 1,
      )
      expect(out).toBe(policy === 'skip' ? 2 : 1)
      expect(job.metrics().counters.numRecordsOut).toBe(out)
      await job.stop().catch(() => {})
    }
  })

  it('are never fewer than before, while a row that failed is on its way to the dead letters', async () => {
    let bury = () => {}
    const letters = new Promise<void>(resolve => {
      bury = resolve
    })
    const job = await start(
      async ({ id }) => {
        if (id === 1) throw new Error('no')
      },
      { errors: { sink: { kind: 'deadLetter', sink: () => letters } } },
    )
    push(job, 1)
    await job.flush()
    expect(job.metrics().counters.numRecordsOut).toBe(1)
    push(job, 2, 1)
    await turn()
    expect(job.metrics().counters).toMatchObject({ numRecordsOut: 1, failed: 1 })
    bury()
    await job.drain()
    expect(job.metrics().counters).toMatchObject({ numRecordsOut: 2, failed: 1, deadLettered: 1 })
  })

  it('are not those of a batch of columns that was skipped', async () => {
    let batches = 0
    let taken = 0
    const job = await pipeline(events, { engine: 'js', maxBatch: 4 }).run({
      errors: { sink: 'skip' },
      onBatch({ length }) {
        if (batches++ === 0) throw new Error('no')
        taken += length
      },
    })
    push(job, 8)
    await job.drain()
    expect(taken).toBeGreaterThan(0)
    expect(job.metrics().counters).toMatchObject({ numRecordsOut: taken, skipped: 1 })
  })
})
