import { optionInvalid, show } from '../errors.ts'
import { checkOptions, expectArgument, type OptionNames } from '../options.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { checkAnswer, checkInstant, checkProcessor, emittedTooLate } from './check-processor.ts'
import type { ErrorCounts, ErrorPolicy } from './error-policy.ts'
import { ErrorPolicyRunner } from './error-policy-runner.ts'
import type { Emit, Processor, ProcessorContext } from './processor.ts'

type AnyProcessor = Processor<unknown, unknown>
type Waiting = void | Promise<void>
/** One of the three callbacks of a processor, given its row or its time. */
type Callback = (value: unknown) => void

interface Stage {
  readonly processor: AnyProcessor
  readonly runner: ErrorPolicyRunner<unknown>
  readonly process: Callback
  readonly onTimer: Callback
  readonly onWatermark: Callback
}

interface DueTimer {
  readonly atMs: number
  readonly stage: number
}

/** What happens to rows that a stage fails on, and the clock that waits go by. */
export interface ProcessorChainOptions {
  /** One policy for all stages, or one per stage; `'fail'` by default. */
  readonly errors?: ErrorPolicy | readonly ErrorPolicy[]
  /** Waits of retry policies go through it. Default: the system clock. */
  readonly clock?: Clock
  /** Ends waits between attempts. */
  readonly signal?: AbortSignal
}

const NAMES: OptionNames<ProcessorChainOptions> = { errors: true, clock: true, signal: true }

const NO_TIMERS: ProcessorContext = {
  setTimer(atMs) {
    throw optionInvalid('nothing can fire the timers of this chain: pass a context as third argument of process()', {
      value: atMs,
    })
  },
}

/**
 * Processors one after the other. What a row becomes runs through the rest of the chain before its next sibling does,
 * so the result is what nested `flatMap`s give.
 *
 * When every policy is `'fail'`, rows flow by nested calls and nothing is allocated. Otherwise a stage's outputs are
 * held until it succeeded, so that a row which fails halfway leaves no trace and a retry doubles nothing.
 *
 * @example
 * const positive: Processor<number, number> = { process: (n, emit) => void (n > 0 && emit(n)) }
 * const withTens: Processor<number, number> = { process: (n, emit) => [n, n * 10].forEach(emit) }
 * const chain = new ProcessorChain<number, number>([positive, withTens])
 * const rows: number[] = []
 * chain.process(3, row => rows.push(row)) // rows: [3, 30]
 */
export class ProcessorChain<In, Out> {
  readonly name = 'chain'
  readonly #stages: readonly Stage[]
  readonly #holdsOutputs: boolean
  #timers: DueTimer[] = []
  #out: Emit<unknown> = () => {}
  #context: ProcessorContext = NO_TIMERS
  #held: unknown[] = []
  /** What ends the current call: kept, so that no stage above can take it for its own failure, or swallow it. */
  #ending: { readonly error: unknown } | undefined
  #isBusy = false

  /** @throws EventfluxError `OPTION_INVALID` for what is no processor, a policy out of range, or not one per stage. */
  // biome-ignore lint/suspicious/noExplicitAny: neighbours agree on a type that the type of an array can't express
  constructor(processors: readonly Processor<any, any>[], options: ProcessorChainOptions = {}) {
    expectArgument('ProcessorChain', processors, Array.isArray, 'a list of processors')
    checkOptions('ProcessorChain', options, NAMES)
    const { errors = 'fail' } = options
    const policies = Array.isArray(errors) ? (errors as readonly ErrorPolicy[]) : undefined
    if (policies && policies.length !== processors.length) {
      throw optionInvalid(`errors holds ${policies.length} policies and the chain has ${processors.length} stages`, {
        value: policies.length,
      })
    }
    const policyOf = (index: number): ErrorPolicy => policies?.[index] ?? (errors as ErrorPolicy)
    this.#holdsOutputs = processors.some((_, index) => policyOf(index) !== 'fail')
    this.#stages = processors.map((processor, index) => this.#stage(processor, index, policyOf(index), options))
  }

  /** Exact counts per stage, in order. */
  get counts(): readonly Readonly<ErrorCounts>[] {
    return this.#stages.map(stage => stage.runner.counts)
  }

  /**
   * Sends one row through. A promise only when a retry waits: nothing else may be sent before it resolved.
   *
   * @throws EventfluxError `STAGE_FAILED` naming the stage, when its policy ends the job.
   */
  process(event: In, emit: Emit<Out>, context: ProcessorContext = NO_TIMERS): Waiting {
    this.#begin(emit, context)
    if (!this.#holdsOutputs) return this.#direct(0, 'process', event)
    return this.#settle(() => this.#hold(0, 'process', event))
  }

  /** Fires what is due at `atMs`: by time, then by stage. */
  onTimer(atMs: number, emit: Emit<Out>, context: ProcessorContext = NO_TIMERS): Waiting {
    this.#begin(emit, context)
    const due = this.#timers.filter(timer => timer.atMs <= atMs).sort((a, b) => a.atMs - b.atMs || a.stage - b.stage)
    this.#timers = this.#timers.filter(timer => timer.atMs > atMs)
    return this.#settle(() => inOrder(due, timer => this.#call(timer.stage, 'onTimer', timer.atMs)))
  }

  /** Tells every stage, first to last: what one emits reaches the next before the watermark does. */
  onWatermark(watermark: number, emit: Emit<Out>, context: ProcessorContext = NO_TIMERS): Waiting {
    this.#begin(emit, context)
    return this.#settle(() => inOrder([...this.#stages.keys()], index => this.#call(index, 'onWatermark', watermark)))
  }

  /** The states of all stages, as a value JSON can hold if theirs are. */
  snapshot(): unknown {
    return {
      stages: this.#stages.map(({ processor }) => processor.snapshot?.() ?? null),
      timers: this.#timers.map(({ atMs, stage }) => [atMs, stage]),
    }
  }

  /** Takes back what `snapshot` of a chain of the same stages gave. */
  restore(state: unknown): void {
    const { stages, timers } = (state ?? {}) as { stages: unknown[]; timers: [number, number][] }
    expectArgument('restore', state, () => [stages, timers].every(Array.isArray), 'what snapshot() of a chain gave')
    if (stages.length !== this.#stages.length) {
      throw optionInvalid(`the state is of ${stages.length} stages and the chain has ${this.#stages.length}`, {
        value: stages.length,
      })
    }
    for (const [index, { processor }] of this.#stages.entries()) {
      if (stages[index] !== null) processor.restore?.(stages[index])
    }
    this.#timers = timers.map(([atMs, stage]) => ({ atMs, stage }))
  }

  /** Closes every stage, first to last. */
  async close(): Promise<void> {
    for (const { processor } of this.#stages) await processor.close?.()
  }

  #stage(processor: AnyProcessor, index: number, policy: ErrorPolicy, options: ProcessorChainOptions): Stage {
    const { clock = systemClock, signal } = options
    const stage = `stage ${index + 1}`
    checkProcessor(processor, stage)
    const name = processor.name ?? stage
    let isCalled = false
    const emit: Emit<unknown> = row => {
      if (!isCalled) throw emittedTooLate(name, row)
      if (this.#holdsOutputs) this.#held.push(row)
      else this.#direct(index + 1, 'process', row)
    }
    /** A callback, which may emit until it returns. */
    const callback =
      (call: Callback): Callback =>
      value => {
        const wasCalled = isCalled
        isCalled = true
        try {
          checkAnswer(call(value))
        } finally {
          isCalled = wasCalled
        }
      }
    const context: ProcessorContext = {
      setTimer: atMs => {
        checkInstant(atMs)
        this.#context.setTimer(atMs)
        this.#timers.push({ atMs, stage: index })
      },
    }
    return {
      processor,
      runner: new ErrorPolicyRunner({ stage: name, policy, clock, ...(signal ? { signal } : {}) }),
      process: callback(row => processor.process(row, emit, context)),
      onTimer: callback(atMs => processor.onTimer?.(atMs as number, emit, context)),
      onWatermark: callback(watermark => processor.onWatermark?.(watermark as number, emit, context)),
    }
  }

  #begin(emit: Emit<Out>, context: ProcessorContext): void {
    if (typeof emit !== 'function')
      throw optionInvalid(`a chain takes a function for what it emits, not ${show(emit)}`, { value: emit, at: 'emit' })
    if (this.#isBusy) throw optionInvalid('the chain waits for a retry: await what the last call returned')
    this.#out = emit as Emit<unknown>
    this.#context = context
    this.#ending = undefined
  }

  #settle(work: () => Waiting): Waiting {
    const waiting = work()
    if (!waiting) return
    this.#isBusy = true
    return waiting.finally(() => {
      this.#isBusy = false
    })
  }

  #call(index: number, callback: 'onTimer' | 'onWatermark', value: number): Waiting {
    return this.#holdsOutputs ? this.#hold(index, callback, value) : this.#direct(index, callback, value)
  }

  #direct(index: number, callback: 'process' | 'onTimer' | 'onWatermark', value: unknown): void {
    const stage = this.#stages[index]
    try {
      if (stage) stage[callback](value)
      else this.#out(value)
    } catch (cause) {
      if (!this.#ending) this.#ending = { error: stage ? stage.runner.ending(value, cause) : cause }
    }
    if (this.#ending) throw this.#ending.error
  }

  #hold(index: number, callback: 'process' | 'onTimer' | 'onWatermark', value: unknown): Waiting {
    const stage = this.#stages[index]
    if (!stage) {
      this.#out(value)
      return
    }
    const outputs = stage.runner.run(value, given => {
      const held: unknown[] = []
      this.#held = held
      stage[callback](given)
      return held
    })
    const pass = (rows: readonly unknown[] | undefined): Waiting =>
      rows && inOrder(rows, row => this.#hold(index + 1, 'process', row))
    return outputs instanceof Promise ? outputs.then(pass) : pass(outputs)
  }
}

/** Does `step` for each item, the next one after the last one's promise; no promise when none gave one. */
function inOrder<T>(items: readonly T[], step: (item: T) => Waiting, from = 0): Waiting {
  for (let index = from; index < items.length; index++) {
    const waiting = step(items[index]!)
    if (waiting) return waiting.then(() => inOrder(items, step, index + 1))
  }
}
