import { describe, expect, it } from 'vitest'
import type { ErrorPolicy, FailedRow } from '../../src/connector/error-policy.ts'
import { SinkError } from '../../src/connector/sink.ts'
import type { SinkLike } from '../../src/connector/to-sink.ts'
import { type PipelineConfig, type RunOptions, systemClock } from '../../src/index.ts'
import type { Job } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { expectBalanced, turn } from './ledger.harness.ts'

const events = schema({ id: i32() })
type Row = { id: number }
type Options = RunOptions<Row, Row>

/** The queue holds whatever a test pushes, however long the sink takes. */
const start = (sink: SinkLike<Row>, options: Options = {}, config: PipelineConfig = {}): Promise<Job<Row, Row>> =>
  pipeline(events, { engine: 'js', bufferSize: 64, ...config }).run({ sink, ...options })

const push = (job: Job<Row, Row>, count: number, from = 0) => {
  for (let id = from; id < from + count; id++) job.push({ id })
}
const never = () => new Promise<void>(() => {})
const retry: ErrorPolicy = {
  kind: 'retry',
  attempts: 3,
  initialMs: 10,
  factor: 2,
  maxMs: 100,
  otherwise: 'fail',
}

describe('a sink that throws', () => {
  it.each([
    [
      'at once',
      (row: Row) => {
        if (row.id === 5) throw new Error('no')
      },
    ],
    [
      'later',
      async (row: Row) => {
        if (row.id === 5) throw new Error('no')
      },
    ],
  ])('ends the job by default, naming the row, the stage and the cause: %s', async (_, write) => {
    const seen: number[] = []
    const take = (row: Row) => {
      seen.push(row.id)
      return write(row)
    }
    const job = await start(take, {}, { maxBatch: 16 })
    push(job, 10)
    const error = await job.done.then(
      () => undefined,
      error => error,
    )
    expect(error).toMatchObject({ code: 'SINK_FAILED', at: 'sink', value: { id: 5 }, cause: new Error('no') })
    expect(seen).toEqual([0, 1, 2, 3, 4, 5])
    expect(job.push({ id: 11 })).toEqual({ ok: false, reason: 'closed' })
    expect(job.tryPush({ id: 12 })).toBe(false)
    expect(job.pushMany([{ id: 13 }, { id: 14 }])).toEqual({ ok: false, reason: 'closed', accepted: 0, rejected: 2 })
    expect(job.pushColumns({ id: [1, 2, 3] })).toEqual({ ok: false, reason: 'closed', accepted: 0, rejected: 3 })
    expect(job.counts()).toMatchObject({ failed: 1, rejectedClosed: 7, accepted: 10 })
    expectBalanced(job)
    await expect(job.drain()).rejects.toBe(error)
    await expect(job.flush()).rejects.toBe(error)
  })

  it('is asked again, also while the job drains', async () => {
    const clock = new VirtualClock()
    const taken: number[] = []
    const tries = new Map<number, number>()
    const job = await start(
      ({ id }) => {
        tries.set(id, (tries.get(id) ?? 0) + 1)
        if (id % 3 === 0 && tries.get(id)! < 3) throw new Error('busy')
        taken.push(id)
      },
      { clock, errors: { sink: retry } },
    )
    push(job, 10)
    const draining = job.drain()
    for (let i = 0; i < 20; i++) {
      await turn()
      clock.advance(20)
    }
    expect(await draining).toMatchObject({ delivered: 10, failed: 0, retried: 8 })
    expect(taken).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('is not asked again once the job is stopped without draining', async () => {
    const clock = new VirtualClock()
    const job = await start(
      () => {
        throw new Error('busy')
      },
      { clock, errors: { sink: { ...retry, otherwise: 'skip' } } },
    )
    push(job, 10)
    await turn()
    const summary = await job.stop({ drain: false })
    expect(summary).toMatchObject({ accepted: 10, abandoned: 10 })
  })

  it('is believed when it says that no attempt helps', async () => {
    const letters: FailedRow<Row>[] = []
    const refusal = new SinkError('malformed', { retriable: false })
    const job = await start(
      () => {
        throw refusal
      },
      {
        errors: {
          sink: {
            ...retry,
            otherwise: { kind: 'deadLetter', sink: (failed: FailedRow<Row>) => void letters.push(failed) },
          },
        } as NonNullable<Options['errors']>,
      },
    )
    push(job, 3)
    expect(await job.drain()).toMatchObject({ failed: 3, deadLettered: 3, retried: 0 })
    expect(letters.map(({ row, attempt, cause }) => [row.id, attempt, cause])).toEqual([
      [0, 1, refusal],
      [1, 1, refusal],
      [2, 1, refusal],
    ])
  })

  it.each(['flush', 'close'] as const)('fails the job when it throws in %s', async method => {
    const sink = { name: 'own', write: () => {}, [method]: async () => Promise.reject(new Error('disk full')) }
    const job = await start(sink)
    push(job, 3)
    await expect(job.drain()).rejects.toMatchObject({ message: expect.stringContaining('disk full') })
    expect(job.state).toBe('failed')
  })

  it('throws what is no error, and the job still says what happened', async () => {
    const job = await start(() => {
      throw undefined
    })
    push(job, 1)
    await expect(job.done).rejects.toMatchObject({ code: 'SINK_FAILED', value: { id: 0 } })
  })
})

describe('a sink without types', () => {
  it.each([
    ['a number', 7],
    ['null', null],
    ['an object', {}],
  ])('may give back what is no promise: %s', async (_, given) => {
    for (const options of [
      { sink: { name: 'own', write: () => given } },
      { sink: { send: () => given } },
      { onBatch: () => given },
    ]) {
      const job = await pipeline(events, { engine: 'js' }).run(options as Options)
      push(job, 3)
      expect(await job.drain()).toMatchObject({ delivered: 3, failed: 0 })
    }
  })
})

describe('a sink that never answers', () => {
  const KINDS: Record<string, Options> = {
    write: { sink: never },
    'a batch': { onBatch: never },
    flush: { sink: { name: 'own', write: () => {}, flush: never } },
    close: { sink: { name: 'own', write: () => {}, close: never } },
  }

  it.each([
    ['write', 5, 'what is inside to go through; 5 rows left inside, writes to never on their way: 1'],
    ['write', 1, 'sinks to take and flush what they were given; 0 rows left inside, writes to never on their way: 1'],
    ['a batch', 5, 'what is inside to go through; 5 rows left inside, writes to onBatch on their way: 1'],
    ['flush', 5, 'sinks to take and flush what they were given; 0 rows left inside'],
    ['close', 5, 'sinks to close; 0 rows left inside'],
  ])(
    'does not keep stop({ timeoutMs }) from ending, which says what it waits for: %s, %d rows',
    async (kind, rows, what) => {
      const clock = new VirtualClock()
      const job = await pipeline(events, { engine: 'js', bufferSize: 8, maxBatch: 8 }).run({ ...KINDS[kind], clock })
      push(job, rows)
      const stopping = job.stop({ timeoutMs: 1000 })
      await turn()
      expect(job.state).toBe('draining')
      clock.advance(999)
      await turn()
      expect(job.state).toBe('draining')
      clock.advance(1)
      await expect(stopping).rejects.toMatchObject({
        code: 'TIMEOUT',
        message: `the job did not stop within 1000 ms: it waits for ${what}`,
      })
      expect(job.state).toBe('failed')
      expectBalanced(job)
    },
  )

  it.each(['write', 'a batch', 'flush'])('does not keep stop({ drain: false }) from ending: %s', async kind => {
    const job = await pipeline(events, { engine: 'js', bufferSize: 8 }).run({ ...KINDS[kind] })
    push(job, 5)
    await turn()
    const draining = job.drain()
    await turn()
    expect(job.state).toBe('draining')
    expect(await job.stop({ drain: false })).toEqual(await draining)
    expect(job.state).toBe('stopped')
    expectBalanced(job)
  })

  it('lets those who wait for room go when the job ends', async () => {
    const job = await start(never, {}, { bufferSize: 2, maxBatch: 1 })
    const results = Array.from({ length: 6 }, (_, id) => job.push({ id }))
    // One row is with the sink, one waits for it in a batch, one in the queue.
    expect(results.filter(result => result === true).length).toBe(3)
    void job.stop({ drain: false })
    const refused = { ok: false, reason: 'closed' }
    expect(await Promise.all(results)).toEqual([true, true, true, refused, refused, refused])
    expectBalanced(job)
  })

  it('ends by a signal while it drains', async () => {
    const controller = new AbortController()
    const job = await start(never, { signal: controller.signal })
    push(job, 5)
    const draining = job.drain()
    await turn()
    controller.abort()
    expect(await draining).toMatchObject({ accepted: 5 })
    expect(job.state).toBe('stopped')
  })
})

describe('a source that ignores its signal', () => {
  it('does not keep stop({ timeoutMs }) from ending', async () => {
    const clock = new VirtualClock()
    const source = { metadata: { name: 'deaf', kind: 'own', replayable: false, bounded: false }, run: never }
    const job = await start([] as Row[], { source, clock })
    const stopping = job.stop({ timeoutMs: 100 })
    await turn()
    clock.advance(100)
    const message = 'the job did not stop within 100 ms: it waits for sources to end; 0 rows left inside'
    await expect(stopping).rejects.toMatchObject({ code: 'TIMEOUT', message })
  })
})

describe('the end of a job', () => {
  it('comes once: stopping again gives the same answer', async () => {
    const job = await start([] as Row[])
    push(job, 3)
    const [first, second] = await Promise.all([job.stop(), job.stop({ drain: true })])
    expect(first).toBe(second)
    expect(await job.stop({ drain: false, timeoutMs: 5 })).toBe(first)
    expect(first).toMatchObject({ delivered: 3, abandoned: 0 })
  })

  it('comes before the first event, by every way', async () => {
    const aborted = AbortSignal.abort()
    const ends: ((job: Job<Row, Row>) => Promise<unknown>)[] = [
      job => job.drain(),
      job => job.stop({ drain: false }),
      job => job.stop({ timeoutMs: 0 }),
    ]
    for (const end of ends) {
      const job = await start([] as Row[])
      expect(await end(job)).toMatchObject({ offered: 0, accepted: 0, abandoned: 0 })
      expect(job.state).toBe('stopped')
    }
    const rows: Row[] = []
    const job = await start(rows, { signal: aborted, source: [{ id: 1 }] })
    expect(await job.done).toMatchObject({ offered: 0 })
    expect(rows).toEqual([])
  })

  it('leaves no listener at a signal that lives on', async () => {
    const controller = new AbortController()
    let listeners = 0
    const { signal } = controller
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--
      remove(...args)
    }
    const job = await start([] as Row[], { signal })
    expect(listeners).toBe(1)
    await job.drain()
    await turn()
    expect(listeners).toBe(0)
  })

  it('is reached though a listener of its states throws', async () => {
    const job = await start([] as Row[])
    const states: string[] = []
    job.onState(() => {
      throw new Error('mine')
    })
    job.onState(state => states.push(state))
    await expect(job.drain()).rejects.toMatchObject({ code: 'STAGE_FAILED', message: expect.stringContaining('mine') })
    expect(states).toEqual(['failed'])
  })

  it('is seen by every listener in order', async () => {
    const job = await start([] as Row[])
    const states: string[] = [job.state]
    const stopListening = job.onState(state => states.push(state))
    job.onState(() => {})
    await job.drain()
    stopListening()
    expect(states).toEqual(['running', 'draining', 'stopped'])
  })
})

describe('a processor', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('stuck')
      },
    ],
    ['rejects', async () => Promise.reject(new Error('stuck'))],
  ])('that %s while it is closed keeps no job from ending', async (how, close) => {
    const job = await pipeline(events, { engine: 'js' })
      .process(events, () => ({ process: (row, emit) => emit(row), close }), { name: 'own' })
      .run({ sink: [] as Row[] })
    job.push({ id: 1 })
    const ended = job.drain()
    if (how === 'throws') await expect(ended).rejects.toMatchObject({ code: 'STAGE_FAILED', at: 'own' })
    else expect(await ended).toMatchObject({ delivered: 1 })
    expectBalanced(job)
  })
})

describe('a sink that uses its own job', () => {
  it('may push, flush, stop and read the counts from inside', async () => {
    const seen: number[] = []
    const flushed: Promise<void>[] = []
    let stopped: Promise<unknown> | undefined
    const job: Job<Row, Row> = await start(
      row => {
        seen.push(row.id)
        expectBalanced(job)
        if (row.id < 20) expect(job.push({ id: row.id + 1 })).toBe(true)
        if (row.id === 5) flushed.push(job.flush())
        if (row.id === 20) stopped = job.stop()
      },
      {},
      { bufferSize: 4 },
    )
    job.push({ id: 0 })
    await turn()
    expect(await stopped).toMatchObject({ accepted: 21, delivered: 21 })
    await Promise.all(flushed)
    expect(seen).toEqual(Array.from({ length: 21 }, (_, i) => i))
  })

  it('may make it fail from inside: nothing more is delivered, and every promise settles', async () => {
    const seen: number[] = []
    const job: Job<Row, Row> = await start(
      row => {
        seen.push(row.id)
        if (row.id === 2) for (let id = 100; id < 110; id++) job.push({ id })
      },
      {},
      { bufferSize: 4, maxBatch: 1, backpressure: 'error' },
    )
    for (let id = 0; id < 3; id++) job.push({ id })
    await expect(job.done).rejects.toMatchObject({ code: expect.stringMatching(/BACKPRESSURE|SINK_FAILED/) })
    expect(seen).toEqual([0, 1, 2])
    expectBalanced(job)
    expect(job.state).toBe('failed')
  })

  it('gets no row after a batch sink stopped the job without draining', async () => {
    let batches = 0
    const job: Job<Row, Row> = await pipeline(events, { engine: 'js', bufferSize: 64, maxBatch: 4 }).run({
      clock: systemClock,
      onBatch: () => {
        batches++
        if (batches === 1) void job.stop({ drain: false })
      },
    })
    job.pushMany(Array.from({ length: 64 }, (_, id) => ({ id })))
    const summary = await job.done
    expect(summary.accepted).toBe(summary.delivered + summary.abandoned)
    expectBalanced(job)
  })
})
