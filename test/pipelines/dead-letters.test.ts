import { describe, expect, it } from 'vitest'
import { i32, ndjsonSource, pipeline, type SourceLike, schema } from '../../src/index.ts'

const numbers = schema({ n: i32() })
const PIECE = 100
/** As many as may be on their way, and those that were on the source's way at that time. */
const MOST = 64 + PIECE

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

/** Sources without an end that give nothing that fits, a hundred at a time; `given` counts these. */
const SOURCES = {
  'lines that are broken': (given: () => void) =>
    ndjsonSource(
      (async function* () {
        for (;;) {
          given()
          yield 'broken\n'.repeat(PIECE)
        }
      })(),
    ),
  'events that do not fit': (given: () => void) =>
    (async function* () {
      for (let i = 0; ; i++) {
        if (i % PIECE === 0) given()
        yield { n: 'none' as unknown as number }
      }
    })(),
}

/** A job whose dead letters are taken when that is said. */
async function start(source?: (given: () => void) => SourceLike<{ n: number }>) {
  const letters: ((outcome: 'taken' | 'lost') => void)[] = []
  let given = 0
  let isOpen = false
  const job = await pipeline(numbers).run({
    ...(source && { source: source(() => given++) }),
    sink: () => {},
    errors: {
      source: {
        kind: 'deadLetter',
        sink: () =>
          isOpen
            ? undefined
            : new Promise<void>((resolve, reject) => {
                letters.push(outcome => (outcome === 'taken' ? resolve() : reject(new Error('lost'))))
              }),
      },
    },
  })
  await turns(200)
  const open = (): void => {
    isOpen = true
    for (const settle of letters.splice(0)) settle('taken')
  }
  return { job, letters, open, given: () => given }
}

describe.each(Object.entries(SOURCES))('a source of %s', (_, source) => {
  it('waits for dead letters that are not taken, and goes on when they are', async () => {
    const { job, letters, open, given } = await start(source)
    const [waiting, before] = [letters.length, given()]
    expect(waiting).toBeGreaterThanOrEqual(64)
    expect(waiting).toBeLessThanOrEqual(MOST)
    await turns(50)
    expect([letters.length, given()]).toEqual([waiting, before])
    for (const settle of letters.splice(0, waiting - 63)) settle('taken')
    await turns(50)
    expect(letters.length).toBeGreaterThanOrEqual(64)
    expect(letters.length).toBeLessThanOrEqual(MOST)
    open()
    await turns(200)
    expect(given()).toBeGreaterThan(before + 3)
    const { invalid, deadLettered, failed } = await job.stop()
    expect(deadLettered).toBe(invalid)
    expect(failed).toBe(invalid)
  })

  it('ends while it waits, when its job is stopped', async () => {
    const { job } = await start(source)
    const { invalid, deadLettered } = await job.stop({ drain: false })
    expect(invalid).toBeGreaterThanOrEqual(64)
    expect(invalid).toBeLessThanOrEqual(MOST)
    expect(deadLettered).toBe(0)
  })

  it('fails with its job, while it waits, when a dead letter is lost', async () => {
    const { job, letters } = await start(source)
    letters[0]!('lost')
    const failure = job.done.catch((error: unknown) => error)
    await turns(5)
    for (const settle of letters) settle('taken')
    expect(await failure).toMatchObject({ code: 'SINK_FAILED', message: expect.stringMatching(/dead letter/) })
  })
})

describe('a push', () => {
  const bad = { n: 'none' } as unknown as { n: number }
  const pushes = {
    push: job => job.push(bad),
    pushMany: job => job.pushMany([bad]),
    pushColumns: job => job.pushColumns({ n: [0.5] }),
    lendColumns: job => job.lendColumns({ n: [0.5] }),
  } as const satisfies Record<string, (job: Awaited<ReturnType<typeof start>>['job']) => unknown>

  it.each(Object.entries(pushes))('waits for dead letters that are not taken: %s', async (_, push) => {
    const { job, open, letters } = await start()
    for (let i = 1; i < 64; i++) expect(push(job)).toBe(true)
    const waiting = push(job)
    expect(waiting).toBeInstanceOf(Promise)
    expect(job.push({ n: 1 })).toBeInstanceOf(Promise)
    expect(job.tryPush({ n: 2 })).toBe(true)
    expect([job.counts().accepted, letters.length]).toEqual([2, 64])
    open()
    expect(await waiting).toBe(true)
    expect(push(job)).toBe(true)
    expect(await job.drain()).toMatchObject({ offered: 67, accepted: 2, invalid: 65, deadLettered: 65 })
  })

  it('is told what became of it, though it has to wait', async () => {
    const { job, open } = await start()
    for (let i = 0; i < 64; i++) void job.push(bad)
    const results = [job.push({ n: 1 }), job.push({ n: 2 }, { signal: AbortSignal.abort() })]
    open()
    expect(await Promise.all(results)).toEqual([true, { ok: false, reason: 'aborted' }])
    await job.drain()
  })

  it('does not wait for ever when its job ends', async () => {
    for (const end of ['stopped', 'failed'] as const) {
      const { job, letters } = await start()
      for (let i = 1; i < 64; i++) push(job)
      const waiting = push(job)
      if (end === 'stopped') await job.stop({ drain: false })
      else letters[0]!('lost')
      expect(await waiting).toBe(true)
      await expect(
        job.done.then(
          () => 'stopped',
          () => 'failed',
        ),
      ).resolves.toBe(end)
    }
  })
  const push = pushes.push
})
