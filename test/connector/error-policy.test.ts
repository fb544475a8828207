import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ErrorPolicy, FailedRow } from '../../src/connector/error-policy.ts'
import { ErrorPolicyRunner } from '../../src/connector/error-policy-runner.ts'
import { SinkError } from '../../src/connector/sink.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

const flush = () => new Promise(resolve => setImmediate(resolve))
const retry = (
  attempts: number,
  otherwise: 'fail' | 'skip' | { kind: 'deadLetter'; sink: () => void },
): ErrorPolicy => ({
  kind: 'retry',
  attempts,
  initialMs: 10,
  factor: 2,
  maxMs: 50,
  otherwise,
})
const runnerOf = (policy: ErrorPolicy, clock = new VirtualClock(), signal?: AbortSignal) =>
  new ErrorPolicyRunner({ stage: 'orders', policy, clock, ...(signal ? { signal } : {}) })
const boom = (): never => {
  throw new Error('boom')
}

describe('a row that goes well', () => {
  test.each<ErrorPolicy>(['fail', 'skip', retry(3, 'fail')])('costs no promise under %o', policy => {
    const runner = runnerOf(policy)
    expect(runner.run(5, row => (row as number) + 1)).toBe(6)
    expect(runner.counts).toEqual({ failed: 0, retried: 0, skipped: 0, deadLettered: 0 })
  })
})

describe('fail', () => {
  test('ends the job with the row, the stage and the cause', () => {
    const runner = runnerOf('fail')
    const cause = new Error('boom')
    const run = () =>
      runner.run({ id: 7 }, () => {
        throw cause
      })
    expect(run).toThrow(
      expect.objectContaining({
        code: 'STAGE_FAILED',
        at: 'orders',
        cause,
        value: { id: 7 },
        message: '"orders" failed on a row: boom',
      }),
    )
    expect(runner.counts).toEqual({ failed: 1, retried: 0, skipped: 0, deadLettered: 0 })
  })

  test('a promise that rejects is a failure like a throw', async () => {
    await expect(runnerOf('fail').run(1, async () => boom())).rejects.toMatchObject({ code: 'STAGE_FAILED' })
  })

  test('the code says whose failure it was', () => {
    for (const [role, code] of [
      ['source', 'SOURCE_FAILED'],
      ['stage', 'STAGE_FAILED'],
      ['sink', 'SINK_FAILED'],
    ] as const) {
      const runner = new ErrorPolicyRunner({ stage: 's', role, policy: 'fail', clock: new VirtualClock() })
      expect(() => runner.run(1, boom)).toThrow(expect.objectContaining({ code }))
    }
  })
})

describe('dead letters', () => {
  test('carry row, stage, attempt and cause', async () => {
    const letters: FailedRow[] = []
    const clock = new VirtualClock()
    const policy: ErrorPolicy = {
      ...(retry(3, 'fail') as object as Extract<ErrorPolicy, { kind: 'retry' }>),
      otherwise: { kind: 'deadLetter', sink: failed => void letters.push(failed) },
    }
    const runner = runnerOf(policy, clock)
    const causes: Error[] = []
    const done = runner.run('row', () => {
      causes.push(new Error(`attempt ${causes.length + 1}`))
      throw causes.at(-1)
    })
    for (let ms = 0; ms < 100; ms++) {
      await flush()
      clock.advance(1)
    }
    expect(await done).toBeUndefined()
    expect(letters).toEqual([{ row: 'row', stage: 'orders', attempt: 3, cause: causes[2] }])
    expect(runner.counts).toEqual({ failed: 1, retried: 2, skipped: 0, deadLettered: 1 })
  })

  test('may be awaited, and sent to an object', async () => {
    const letters: FailedRow[] = []
    const sink = {
      async send(failed: FailedRow) {
        await flush()
        letters.push(failed)
      },
    }
    const runner = runnerOf({ kind: 'deadLetter', sink })
    const buried = runner.run(1, boom)
    expect(buried).toBeInstanceOf(Promise)
    await buried
    expect(letters.map(letter => letter.row)).toEqual([1])
    expect(runner.counts.deadLettered).toBe(1)
  })

  test('a dead letter sink that fails ends the job with SINK_FAILED', async () => {
    const throwing = runnerOf({ kind: 'deadLetter', sink: boom })
    expect(() => throwing.run(1, boom)).toThrow(expect.objectContaining({ code: 'SINK_FAILED', at: 'orders' }))
    const rejecting = runnerOf({ kind: 'deadLetter', sink: async () => boom() })
    await expect(rejecting.run(1, boom)).rejects.toMatchObject({ code: 'SINK_FAILED' })
    expect(rejecting.counts).toEqual({ failed: 1, retried: 0, skipped: 0, deadLettered: 0 })
  })
})

describe('retry', () => {
  test('waits initialMs, times factor, at most maxMs, on the clock', async () => {
    const clock = new VirtualClock(0)
    const attempts: number[] = []
    const runner = runnerOf(retry(6, 'skip'), clock)
    const done = runner.run(1, () => {
      attempts.push(clock.now())
      boom()
    })
    for (let ms = 0; ms < 300; ms++) {
      await flush()
      clock.advance(1)
    }
    await done
    expect(attempts).toEqual([0, 10, 30, 70, 120, 170])
    expect(runner.counts).toEqual({ failed: 1, retried: 5, skipped: 1, deadLettered: 0 })
  })

  test('waits for nothing between any number of attempts when initialMs is 0', async () => {
    const clock = new VirtualClock(0)
    const policy = { kind: 'retry', attempts: 1_100, initialMs: 0, factor: 2, maxMs: 50, otherwise: 'skip' } as const
    const runner = runnerOf(policy, clock)
    const done = runner.run(1, boom)
    for (let attempt = 0; attempt < 1_100; attempt++) {
      await flush()
      clock.advance(0)
    }
    await done
    expect(runner.counts).toMatchObject({ failed: 1, retried: 1_099 })
  })

  test('gives what the attempt gave that went well', async () => {
    const clock = new VirtualClock(0)
    let calls = 0
    const runner = runnerOf(retry(3, 'fail'), clock)
    const done = runner.run(1, () => (++calls < 3 ? boom() : 'through'))
    for (let ms = 0; ms < 50; ms++) {
      await flush()
      clock.advance(1)
    }
    expect(await done).toBe('through')
    expect(runner.counts).toEqual({ failed: 0, retried: 2, skipped: 0, deadLettered: 0 })
  })

  test('gives up at once when a SinkError says that nothing can help', () => {
    let calls = 0
    const runner = runnerOf(retry(5, 'skip'))
    const refuse = () => {
      calls++
      throw new SinkError('too large', { retriable: false, event: 1 })
    }
    expect(runner.run(1, refuse)).toBeUndefined()
    expect([calls, runner.counts.skipped]).toEqual([1, 1])
  })

  test('a stop ends the wait: the row fails with its last cause', async () => {
    const stop = new AbortController()
    const runner = runnerOf(retry(5, 'fail'), new VirtualClock(), stop.signal)
    const done = runner.run(1, boom)
    stop.abort()
    await expect(done).rejects.toMatchObject({ code: 'STAGE_FAILED' })
    expect(runner.counts).toEqual({ failed: 1, retried: 0, skipped: 0, deadLettered: 0 })
  })

  test('listens once to its signal, however many rows wait for their next attempt, and no longer than they do', async () => {
    const stop = new AbortController()
    const clock = new VirtualClock(0)
    const runner = runnerOf(retry(2, 'skip'), clock, stop.signal)
    const rows = Array.from({ length: 20 }, (_, row) => runner.run(row, boom))
    expect(getEventListeners(stop.signal, 'abort').length).toBe(1)
    clock.advance(10)
    await Promise.all(rows)
    expect(getEventListeners(stop.signal, 'abort')).toEqual([])
    expect(runner.counts).toEqual({ failed: 20, retried: 20, skipped: 20, deadLettered: 0 })
  })
})

test('counts are exact for any rows and any policy, against a model', async () => {
  const policies = fc.record({
    kind: fc.constantFrom('fail', 'skip', 'deadLetter', 'retry'),
    attempts: fc.integer({ min: 1, max: 4 }),
    otherwise: fc.constantFrom('fail', 'skip', 'deadLetter'),
  })
  // For each row how many attempts fail before one goes well, and whether the stage is asynchronous.
  const rows = fc.array(fc.record({ failures: fc.nat(5), isAsync: fc.boolean() }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(policies, rows, async ({ kind, attempts, otherwise }, all) => {
      const letters: unknown[] = []
      const deadLetter = { kind: 'deadLetter', sink: (failed: FailedRow) => void letters.push(failed.row) } as const
      const last = otherwise === 'deadLetter' ? deadLetter : (otherwise as 'fail' | 'skip')
      const policy: ErrorPolicy =
        kind === 'retry'
          ? { kind, attempts, initialMs: 0, factor: 1, maxMs: 0, otherwise: last }
          : kind === 'deadLetter'
            ? deadLetter
            : (kind as 'fail' | 'skip')
      const instant = {
        now: () => 0,
        monotonicNs: () => 0,
        after(_delayMs: number, callback: () => void) {
          callback()
          return () => {}
        },
      }
      const runner = new ErrorPolicyRunner({ stage: 's', policy, clock: instant })
      const through: number[] = []
      let ended = 0
      for (const [index, { failures, isAsync }] of all.entries()) {
        let tries = 0
        const attempt = () => {
          if (tries++ < failures) boom()
          through.push(index)
        }
        try {
          await runner.run(index, isAsync ? async () => attempt() : attempt)
        } catch {
          ended++
        }
      }
      const tries = kind === 'retry' ? attempts : 1
      const final = kind === 'retry' ? otherwise : kind
      const lost = all.flatMap(({ failures }, index) => (failures >= tries ? [index] : []))
      expect(through).toEqual(all.flatMap(({ failures }, index) => (failures < tries ? [index] : [])))
      expect(runner.counts).toEqual({
        failed: lost.length,
        retried: all.reduce((sum, { failures }) => sum + Math.min(failures, tries - 1), 0),
        skipped: final === 'skip' ? lost.length : 0,
        deadLettered: final === 'deadLetter' ? lost.length : 0,
      })
      expect(ended).toBe(final === 'fail' ? lost.length : 0)
      expect(letters).toEqual(final === 'deadLetter' ? lost : [])
    }),
  )
})

test.each([
  ['ignore'],
  [undefined],
  [null],
  [{}],
  [{ kind: 'deadLetter' }],
  [{ kind: 'deadLetter', sink: {} }],
  [{ ...(retry(1, 'skip') as object), attempts: 0 }],
  [{ ...(retry(1, 'skip') as object), attempts: 1.5 }],
  [{ ...(retry(1, 'skip') as object), initialMs: -1 }],
  [{ ...(retry(1, 'skip') as object), factor: 0.5 }],
  [{ ...(retry(1, 'skip') as object), maxMs: 5 }],
  [{ ...(retry(1, 'skip') as object), otherwise: 'retry' }],
  [{ ...(retry(1, 'skip') as object), otherwise: undefined }],
  [{ ...(retry(1, 'skip') as object), factor: Number.NaN }],
])('the policy %o is refused', policy => {
  expect(() => runnerOf(policy as never)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID', at: 'orders' }))
})
