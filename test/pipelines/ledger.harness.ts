import { expect } from 'vitest'
import type { ErrorPolicy, FailedRow } from '../../src/connector/error-policy.ts'
import { EventfluxError } from '../../src/errors.ts'
import type { Job, JobState, JobSummary } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import type { BackpressureStrategy } from '../../src/plan/backpressure-strategy.ts'
import type { PushOptions } from '../../src/runtime/admission/admission.ts'
import type { BatchResult, PushResult } from '../../src/runtime/admission/push-result.ts'
import { i32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'

export const STRATEGIES = {
  block: 'block',
  'block with timeout': { kind: 'block', timeoutMs: 25 },
  'drop-oldest': 'drop-oldest',
  'drop-newest': 'drop-newest',
  unbounded: 'unbounded',
  'unbounded up to': { kind: 'unbounded', maxBytes: 4_000 },
  backoff: { kind: 'backoff', initialMs: 5, factor: 2, maxMs: 20, attempts: 3 },
  'circuit-breaker': { kind: 'circuit-breaker', failureThreshold: 2, recoveryMs: 30 },
  error: 'error',
} as const satisfies Record<string, BackpressureStrategy>
export type StrategyName = keyof typeof STRATEGIES

/** How a sink answers: at once, by a promise someone resolves later, or never. */
export type SinkKind = 'sync' | 'async' | 'batch' | 'iterator'
export type PolicyName = 'fail' | 'skip' | 'retry' | 'deadLetter'

export interface Setup {
  readonly engine: 'wasm' | 'js'
  readonly bufferSize: number
  readonly maxBatch: number
  readonly strategy: StrategyName
  readonly sink: SinkKind
  readonly maxInFlight: number
  readonly sinkPolicy: PolicyName
  /** Every how many rows the sink throws; 0: never. */
  readonly failsEvery: number
  readonly sourcePolicy: 'fail' | 'skip' | 'deadLetter'
  readonly signal: 'none' | 'live' | 'aborted'
}

export type Command =
  | { do: 'push'; valid: boolean; strategy: StrategyName | undefined; signal: 'none' | 'live' | 'aborted' }
  | { do: 'tryPush'; valid: boolean }
  | {
      do: 'pushMany' | 'pushColumns'
      rows: number
      badRow: number
      strategy: StrategyName | undefined
      signal: 'none' | 'live'
    }
  | { do: 'land'; count: number }
  | { do: 'read'; count: number }
  | { do: 'advance'; ms: number }
  | { do: 'abort'; nth: number }
  | { do: 'turn' | 'flush' | 'abortJob' }
  | { do: 'stop'; drain: boolean | undefined; timeoutMs: number | undefined }

interface Call {
  /** Ids offered, in order, and which of them fit the schema. */
  readonly ids: readonly number[]
  readonly valid: readonly boolean[]
  outcome: PushResult | BatchResult | { threw: unknown } | undefined
}

const events = schema({ id: i32(), name: utf8() })
export const turn = () => new Promise<void>(resolve => setImmediate(resolve))

const retry: ErrorPolicy = { kind: 'retry', attempts: 3, initialMs: 2, factor: 2, maxMs: 10, otherwise: 'skip' }

/** A job under a random schedule, with everything seen from outside written down. */
export class LedgerRun {
  readonly clock = new VirtualClock()
  readonly calls: Call[] = []
  readonly states: JobState[] = []
  /** First attempts at rows, in the order the sink saw them; and the rows it took. */
  readonly attempted: number[] = []
  readonly taken: number[] = []
  readonly buried: FailedRow[] = []
  readonly invalidBuried: FailedRow[] = []
  /** Whether the job was told to leave behind what is inside. */
  wasHurried = false
  readonly summaries: (JobSummary | { threw: unknown })[] = []
  job!: Job<{ id: number; name: string }, { id: number; name: string }>
  readonly #setup: Setup
  readonly #signals: AbortController[] = []
  readonly #jobSignal = new AbortController()
  readonly #stalled: (() => void)[] = []
  readonly #tries = new Map<number, number>()
  #ids = 0
  /** Promises handed out and not settled yet. */
  #open = 0
  #lands = false

  constructor(setup: Setup) {
    this.#setup = setup
  }

  async start(): Promise<void> {
    const { engine, bufferSize, maxBatch, strategy, sink, maxInFlight, sinkPolicy, sourcePolicy, signal } = this.#setup
    if (signal === 'aborted') this.#jobSignal.abort()
    const policies: Record<PolicyName, ErrorPolicy> = {
      fail: 'fail',
      skip: 'skip',
      retry,
      deadLetter: { kind: 'deadLetter', sink: failed => void this.buried.push(failed) },
    }
    const source: ErrorPolicy =
      sourcePolicy === 'deadLetter'
        ? { kind: 'deadLetter', sink: failed => void this.invalidBuried.push(failed) }
        : sourcePolicy
    this.job = await pipeline(events, {
      engine,
      bufferSize,
      maxBatch,
      backpressure: STRATEGIES[strategy],
      metrics: false,
    }).run({
      clock: this.clock,
      random: () => 0.5,
      maxInFlight,
      errors: { source, sink: policies[sinkPolicy] },
      ...(signal !== 'none' && { signal: this.#jobSignal.signal }),
      ...(sink === 'batch' && {
        onBatch: batch => {
          const ids = Array.from(batch.column('id') as Int32Array)
          for (const id of ids) this.#see(id)
          this.taken.push(...ids)
          return this.#stall()
        },
      }),
      ...((sink === 'sync' || sink === 'async') && { sink: ({ id }: { id: number }) => this.#write(id) }),
    })
    this.states.push(this.job.state)
    this.job.onState(state => this.states.push(state))
  }

  step(command: Command): void | Promise<void> {
    const { job } = this
    switch (command.do) {
      case 'push': {
        const { id, event } = this.#event(command.valid)
        this.#call([id], [command.valid], () => job.push(event, this.#options(command)))
        return
      }
      case 'tryPush': {
        const { id, event } = this.#event(command.valid)
        this.#call([id], [command.valid], () => job.tryPush(event) || { ok: false, reason: 'full' })
        return
      }
      case 'pushMany': {
        const all = this.#events(command)
        this.#call(
          all.map(({ id }) => id),
          all.map((_, i) => i !== command.badRow),
          () =>
            job.pushMany(
              all.map(({ event }) => event),
              this.#options(command),
            ),
        )
        return
      }
      case 'pushColumns': {
        const all = this.#events(command)
        const block = { id: all.map(({ event }) => event.id), name: all.map(({ event }) => event.name) }
        this.#call(
          all.map(({ id }) => id),
          all.map((_, i) => i !== command.badRow),
          () => job.pushColumns(block, this.#options(command)),
        )
        return
      }
      case 'land':
        for (const land of this.#stalled.splice(0, command.count)) land()
        return
      case 'read':
        if (this.#setup.sink === 'iterator') for (let i = 0; i < command.count; i++) this.#read()
        return
      case 'advance':
        this.clock.advance(command.ms)
        return
      case 'abort':
        this.#signals[command.nth]?.abort()
        return
      case 'abortJob':
        if (this.#setup.signal === 'live') {
          this.wasHurried = true
          this.#jobSignal.abort()
        }
        return
      case 'flush':
        this.#watch(job.flush(), () => {})
        return
      case 'stop':
        this.stop(command)
        return
      case 'turn':
        return turn()
    }
  }

  stop({ drain, timeoutMs }: { drain?: boolean | undefined; timeoutMs?: number | undefined }): void {
    if (drain === false) this.wasHurried = true
    const stopping = this.job.stop({
      ...(drain !== undefined && { drain }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    })
    this.#watch(stopping, outcome => this.summaries.push(outcome as JobSummary))
  }

  /** Lets everything through from now on, or nothing more, and ends the job. */
  async end(how: 'drain' | 'stall'): Promise<void> {
    if (how === 'drain') {
      this.#lands = true
      this.stop({})
      for (let i = 0; i < 400 && (this.#open > 0 || !this.#hasEnded()); i++) {
        for (const land of this.#stalled.splice(0)) land()
        if (this.#setup.sink === 'iterator') this.#read()
        this.clock.advance(5)
        await turn()
      }
    } else {
      this.stop({ timeoutMs: 50 })
      for (let i = 0; i < 5; i++) await turn()
      this.clock.advance(1_000)
      for (let i = 0; i < 5; i++) await turn()
    }
    for (const land of this.#stalled.splice(0)) land()
    await turn()
    if (this.#setup.sink !== 'iterator') return
    // What waits for a reader is still there to be read, before the failure of a job that failed.
    const { job } = this
    const read = async () => {
      for await (const row of job) this.#take(row.id)
    }
    if (job.state === 'stopped') await read()
    else await expect(read()).rejects.toBeInstanceOf(EventfluxError)
  }

  /** Nobody is left waiting. */
  expectSettled(): void {
    expect(this.#open).toBe(0)
    expect(this.#hasEnded()).toBe(true)
  }

  #hasEnded(): boolean {
    return this.job.state === 'stopped' || this.job.state === 'failed'
  }

  #event(valid: boolean) {
    const id = this.#ids++
    return { id, event: { id: valid ? id : id + 0.5, name: `n${id % 5}` } }
  }

  #events({ rows, badRow }: { rows: number; badRow: number }) {
    return Array.from({ length: rows }, (_, i) => this.#event(i !== badRow))
  }

  #options(command: {
    strategy: StrategyName | undefined
    signal: 'none' | 'live' | 'aborted'
  }): PushOptions | undefined {
    if (command.strategy === undefined && command.signal === 'none') return undefined
    const controller = new AbortController()
    if (command.signal === 'aborted') controller.abort()
    if (command.signal === 'live') this.#signals.push(controller)
    return {
      ...(command.strategy !== undefined && { strategy: STRATEGIES[command.strategy] }),
      ...(command.signal !== 'none' && { signal: controller.signal }),
    }
  }

  #call(
    ids: readonly number[],
    valid: readonly boolean[],
    push: () => PushResult | BatchResult | Promise<PushResult | BatchResult>,
  ): void {
    const call: Call = { ids, valid, outcome: undefined }
    this.calls.push(call)
    const settle = (outcome: unknown): void => {
      call.outcome = outcome as Call['outcome']
    }
    let answer: ReturnType<typeof push>
    try {
      answer = push()
    } catch (threw) {
      settle({ threw })
      return
    }
    if (answer instanceof Promise) this.#watch(answer, settle)
    else settle(answer)
  }

  #watch(promise: Promise<unknown>, settle: (outcome: unknown) => void): void {
    this.#open++
    promise.then(
      value => {
        this.#open--
        settle(value)
      },
      threw => {
        this.#open--
        settle({ threw })
      },
    )
  }

  #read(): void {
    this.#watch(this.job[Symbol.asyncIterator]().next(), outcome => {
      const result = outcome as IteratorResult<{ id: number }, undefined> | { threw: unknown }
      if ('done' in result && !result.done) this.#take(result.value.id)
    })
  }

  #take(id: number): void {
    this.#see(id)
    this.taken.push(id)
  }

  /** The counts hold at every moment, also as seen from inside a sink. */
  #see(id: number): void {
    this.attempted.push(id)
    expectBalanced(this.job)
  }

  #write(id: number): void | Promise<void> {
    const tries = (this.#tries.get(id) ?? 0) + 1
    this.#tries.set(id, tries)
    if (tries === 1) this.#see(id)
    const { failsEvery, sink } = this.#setup
    // Rows that fail get through at the second attempt, or never.
    const fails = failsEvery > 0 && id % failsEvery === 0 && (tries < 2 || id % 2 === 0)
    if (sink === 'sync' || this.#stall() === undefined) {
      if (fails) throw new Error(`no ${id}`)
      this.taken.push(id)
      return
    }
    return this.#lastStall.then(() => {
      if (fails) throw new Error(`no ${id}`)
      this.taken.push(id)
    })
  }

  #lastStall: Promise<void> = Promise.resolve()

  #stall(): Promise<void> | undefined {
    if (this.#lands) return
    this.#lastStall = new Promise(resolve => this.#stalled.push(resolve))
    return this.#lastStall
  }
}

/** offered = accepted + Σ rejected, and no part of it is negative. */
export function expectBalanced(job: Job): void {
  const c = job.counts()
  const rejected =
    c.rejectedFull + c.rejectedClosed + c.rejectedTimeout + c.rejectedAborted + c.rejectedCircuitOpen + c.invalid
  expect(c.offered).toBe(c.accepted + rejected)
  expect(c.queued).toBeGreaterThanOrEqual(0)
  expect(c.accepted).toBe(c.delivered + c.evicted + c.queued)
}

interface Answer {
  readonly accepted: number[]
  readonly invalid: number
  /** Where the answer doesn't say how far it got. */
  readonly unsure: number[]
  readonly unsureInvalid: number
}

/** What became of the rows of a call, as its answer says. */
export function answered(call: Call): Answer {
  const { ids, valid, outcome } = call
  const split = (end: number) => ({
    accepted: ids.slice(0, end).filter((_, i) => valid[i]),
    invalid: valid.slice(0, end).filter(v => !v).length,
    unsure: [] as number[],
    unsureInvalid: 0,
  })
  if (outcome === true) return split(ids.length)
  if (outcome !== undefined && 'threw' in outcome) {
    const error = outcome.threw as EventfluxError
    expect(error).toBeInstanceOf(EventfluxError)
    if (error.code === 'EVENT_INVALID') return split(valid.indexOf(false) + 1)
    expect(error.code).toBe('BACKPRESSURE')
    const unsure = ids.filter((_, i) => valid[i])
    return { accepted: [], invalid: 0, unsure, unsureInvalid: ids.length - unsure.length }
  }
  if (outcome !== undefined && 'accepted' in outcome) {
    expect(outcome.accepted + outcome.rejected).toBe(ids.length)
    return split(outcome.accepted)
  }
  return split(0)
}
