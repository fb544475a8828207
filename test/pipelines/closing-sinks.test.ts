import { describe, expect, it } from 'vitest'
import { ndjsonSink } from '../../src/connector/text-sink.ts'
import type { SinkLike } from '../../src/connector/to-sink.ts'
import type { EventfluxError } from '../../src/errors.ts'
import type { Job } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { turn } from './ledger.harness.ts'

const events = schema({ id: i32() })
type Row = { id: number }

const push = (job: Job<Row, Row>, count: number, from = 0) => {
  for (let id = from; id < from + count; id++) job.push({ id })
}
const never = () => new Promise<void>(() => {})

describe('the sinks of a job that fails', () => {
  const failing = (): Promise<Job<Row, Row>> =>
    pipeline(events, { engine: 'js' })
      .filterRows(({ id }) => {
        if (id === 3) throw new Error('stuck')
        return true
      })
      .run({ sink: ours })
  let closed: unknown[]
  let ours: SinkLike<Row>
  const failureOf = (job: Job<Row, Row>): Promise<EventfluxError> =>
    job.done.then(
      () => expect.fail('the job did not fail'),
      error => error,
    )

  it('are closed once, with what made it fail, before `done` says so', async () => {
    closed = []
    ours = {
      send() {},
      async close(failure) {
        await turn()
        closed.push(failure)
      },
    }
    const job = await failing()
    push(job, 10)
    const failure = await failureOf(job)
    expect(failure).toMatchObject({ code: 'STAGE_FAILED', suppressed: [] })
    expect(closed).toEqual([failure])
    await job.stop().catch(() => {})
    expect(closed).toHaveLength(1)
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('disk full')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('disk full'))],
  ])('tell what closing failed on beside it: one that %s', async (_, close) => {
    ours = { send() {}, close }
    const job = await failing()
    push(job, 10)
    const failure = await failureOf(job)
    expect(failure).toMatchObject({ code: 'STAGE_FAILED', message: expect.stringContaining('stuck') })
    expect(failure.suppressed).toMatchObject([{ code: 'SINK_FAILED', at: 'handler', cause: new Error('disk full') }])
  })

  it('keep it from saying so for a second, and no longer', async () => {
    const clock = new VirtualClock()
    const job = await pipeline(events, { engine: 'js' }).run({
      sink: {
        send() {
          throw new Error('no')
        },
        close: never,
      },
      clock,
    })
    push(job, 1)
    let told = false
    const failure = failureOf(job).finally(() => {
      told = true
    })
    await turn()
    expect([job.state, told]).toEqual(['failed', false])
    clock.advance(1_000)
    expect(await failure).toMatchObject({ code: 'SINK_FAILED' })
  })

  it('are all closed though one of them fails to, also after a stop', async () => {
    closed = []
    const bad = {
      send() {},
      close() {
        throw new Error('first')
      },
    }
    const good = { send() {}, close: (failure?: unknown) => void closed.push(failure) }
    const job = await pipeline(events, { engine: 'js' })
      .tee('side', side => side)
      .run({ sink: bad, sinks: { side: good } })
    push(job, 3)
    await expect(job.drain()).rejects.toMatchObject({ code: 'SINK_FAILED', at: 'handler', suppressed: [] })
    expect(closed).toEqual([undefined])
  })

  it('get no more rows once they are closed, and those taken before are in the text', async () => {
    const chunks: Uint8Array[] = []
    ours = ndjsonSink<Row>(chunks)
    const job = await failing()
    push(job, 3)
    await turn()
    push(job, 7, 3)
    await failureOf(job)
    expect(chunks.map(bytes => new TextDecoder().decode(bytes)).join('')).toBe('{"id":0}\n{"id":1}\n{"id":2}\n')
  })

  it('abort a WritableStream: what reads it must not take its rows for all of them', async () => {
    const rows: Row[] = []
    let aborted: unknown
    ours = new WritableStream<Row>({
      write: row => void rows.push(row),
      abort(reason) {
        aborted = reason
      },
    })
    const job = await failing()
    push(job, 3)
    await turn()
    push(job, 7, 3)
    expect(await failureOf(job)).toBe(aborted)
    expect(rows.map(row => row.id)).toEqual([0, 1, 2])
  })
})
