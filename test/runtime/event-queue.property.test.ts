import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EventfluxError } from '../../src/errors.ts'
import type { BackpressureStrategy } from '../../src/plan/backpressure-strategy.ts'
import { EventQueue } from '../../src/runtime/event-queue.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { expectBalanced } from '../balanced-ledger.ts'
import { Model, type Outcome, STRATEGIES, type StrategyName } from './event-queue.model.ts'

type Command =
  | { do: 'push'; strategy: StrategyName | undefined; signal: 'none' | 'live' | 'aborted' }
  | { do: 'tryPush' | 'pop' | 'clear' | 'close' | 'iterate' }
  | { do: 'popBatch'; max: number }
  | { do: 'abort'; nth: number }
  | { do: 'advance'; ms: number }

const names = Object.keys(STRATEGIES) as StrategyName[]
const gentle = names.filter(name => name !== 'error')

/** Mostly pushes and pops; what ends everything is rare. */
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('push' as const),
      strategy: fc.option(fc.constantFrom(...gentle), { nil: undefined }),
      signal: fc.constantFrom('none' as const, 'none' as const, 'live' as const, 'live' as const, 'aborted' as const),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'tryPush' as const }) },
  { weight: 8, arbitrary: fc.constant({ do: 'pop' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('popBatch' as const), max: fc.integer({ min: 0, max: 5 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('abort' as const), nth: fc.nat(20) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.constant({ do: 'clear' as const }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Command>(
      { do: 'close' },
      { do: 'iterate' },
      { do: 'push', strategy: 'error', signal: 'none' },
    ),
  },
)

/** Runs commands on a queue and on the model; compares after each. */
class Run {
  readonly queue: EventQueue<{ id: number }>
  readonly model: Model
  readonly clock = new VirtualClock()
  readonly evicted: number[] = []
  readonly delivered: number[] = []
  readonly outcomes = new Map<number, Outcome>()
  readonly controllers: { id: number; controller: AbortController }[] = []
  #calls = 0
  readonly #own: StrategyName

  constructor(capacity: number, own: StrategyName) {
    this.#own = own
    this.model = new Model(capacity)
    this.queue = new EventQueue({
      capacity,
      backpressure: STRATEGIES[own],
      clock: this.clock,
      random: () => 0.5,
      onEvict: event => this.evicted.push(event.id),
    })
  }

  async step(command: Command): Promise<void> {
    this.#do(command)
    for (let i = 0; i < 3; i++) await Promise.resolve()
    this.#compare()
  }

  #do(command: Command) {
    const { queue, model } = this
    switch (command.do) {
      case 'push': {
        const id = this.#calls++
        const controller = new AbortController()
        if (command.signal === 'aborted') controller.abort()
        if (command.signal === 'live') this.controllers.push({ id, controller })
        this.#push(id, command.strategy, command.signal === 'none' ? undefined : controller.signal)
        return model.push(id, command.strategy ?? this.#own, command.signal === 'aborted')
      }
      case 'tryPush': {
        const id = this.#calls++
        const isIn = queue.tryPush({ id })
        model.tryPush(id)
        this.outcomes.set(id, isIn ? 'in' : queue.state === 'open' ? 'full' : 'closed')
        return
      }
      case 'pop': {
        const event = queue.tryPop()
        if (event) this.delivered.push(event.id)
        expect(event?.id).toBe(model.pop())
        return
      }
      case 'popBatch':
        this.delivered.push(...queue.popBatch(command.max).map(event => event.id))
        return model.popBatch(command.max)
      case 'iterate':
        for (const { id } of queue) this.delivered.push(id)
        while (model.pop() !== undefined) {}
        return
      case 'clear':
        queue.clear()
        return model.clear()
      case 'close':
        queue.close()
        return model.close()
      case 'abort': {
        const chosen = this.controllers[command.nth]
        if (chosen === undefined) return
        chosen.controller.abort()
        return model.abort(chosen.id)
      }
      case 'advance':
        this.clock.advance(command.ms)
        return model.advance(command.ms)
    }
  }

  #push(id: number, strategy: StrategyName | undefined, signal: AbortSignal | undefined): void {
    const options =
      strategy === undefined && signal === undefined
        ? undefined
        : { ...(strategy && { strategy: STRATEGIES[strategy] }), ...(signal && { signal }) }
    try {
      const result = this.queue.push({ id }, options)
      if (result instanceof Promise) result.then(late => this.outcomes.set(id, late === true ? 'in' : late.reason))
      else this.outcomes.set(id, result === true ? 'in' : result.reason)
    } catch (error) {
      this.outcomes.set(id, (error as EventfluxError).code as Outcome)
    }
  }

  #compare(): void {
    const { queue, model } = this
    const stats = queue.stats()
    expect(new Map([...this.outcomes].sort(([a], [b]) => a - b))).toEqual(
      new Map([...model.outcomes].sort(([a], [b]) => a - b)),
    )
    expect(this.delivered).toEqual(model.delivered)
    expect(queue.length).toBe(model.inside.length)
    expect(queue.peek()?.id).toBe(model.inside[0])
    expect(queue.isFull).toBe(model.isFull)
    expect(queue.capacity).toBe(model.capacity)
    expect(queue.length).toBeLessThanOrEqual(queue.capacity)
    expect(stats.waiting).toBe(model.waiting.length)
    expect(stats.evicted).toBe(model.evicted)
    expectBalanced(stats)
    expect(stats.offered + stats.waiting).toBe(this.#calls)
    const outcomes = [...model.outcomes.values()]
    expect(stats.accepted).toBe(outcomes.filter(outcome => outcome === 'in').length)
    for (const reason of ['closed', 'timeout', 'aborted', 'circuitOpen'] as const)
      expect(stats.rejected[reason]).toBe(outcomes.filter(outcome => outcome === reason).length)
    // Numbered as offered and never overtaken: what comes out rises.
    expect([...this.delivered].sort((a, b) => a - b)).toEqual(this.delivered)
  }
}

const capacity = fc.integer({ min: 1, max: 5 })

describe('an event queue', () => {
  it('does what the contract says, under any schedule of mixed strategies', async () => {
    const schedule = fc.array(command, { maxLength: 60 })
    await fc.assert(
      fc.asyncProperty(capacity, fc.constantFrom(...names), schedule, async (size, own, commands) => {
        const run = new Run(size, own)
        for (const command of commands) await run.step(command)
      }),
      { numRuns: 600 },
    )
  })

  it('under block or unbounded loses nothing and keeps the order', async () => {
    const moves = fc.array(fc.oneof(fc.constant('push' as const), fc.constant('pop' as const)), { maxLength: 80 })
    await fc.assert(
      fc.asyncProperty(capacity, fc.constantFrom('block', 'unbounded'), moves, async (size, strategy, schedule) => {
        const queue = new EventQueue<number>({ capacity: size, backpressure: strategy as BackpressureStrategy })
        const pushes: unknown[] = []
        const out: number[] = []
        for (const move of schedule) {
          if (move === 'push') pushes.push(queue.push(pushes.length))
          else out.push(...queue.popBatch(1))
        }
        while (!queue.isEmpty) out.push(...queue.popBatch(2))
        expect(new Set(await Promise.all(pushes))).toEqual(new Set(pushes.length > 0 ? [true] : []))
        expect(out).toEqual(pushes.map((_, i) => i))
      }),
    )
  })

  it('takes a batch as it would take its events one by one', () => {
    const prompt = fc.constantFrom<StrategyName>('oldest', 'newest', 'unbounded', 'breaker')
    const steps = fc.array(fc.record({ push: fc.nat(12), pop: fc.nat(8), ms: fc.integer({ min: 0, max: 50 }) }), {
      maxLength: 12,
    })
    fc.assert(
      fc.property(capacity, prompt, steps, (size, strategy, schedule) => {
        const clock = new VirtualClock()
        const options = { capacity: size, backpressure: STRATEGIES[strategy], clock }
        const inBatches = new EventQueue<number>(options)
        const oneByOne = new EventQueue<number>(options)
        let id = 0
        for (const { push, pop, ms } of schedule) {
          const events = Array.from({ length: push }, () => id++)
          const before = inBatches.stats()
          const result = inBatches.pushMany(events)
          const results = events.map(event => oneByOne.push(event))
          const refused = results.filter(each => each !== true)
          expect(result === true).toBe(refused.length === 0)
          if (result !== true)
            expect(result).toEqual({
              ...refused[0],
              accepted: inBatches.stats().accepted - before.accepted,
              rejected: refused.length,
            })
          expect(inBatches.popBatch(pop)).toEqual(oneByOne.popBatch(pop))
          const { highWaterMark: _, ...batched } = inBatches.stats()
          expect(oneByOne.stats()).toMatchObject(batched)
          clock.advance(ms)
        }
        expect(inBatches.drain()).toEqual(oneByOne.drain())
      }),
      { numRuns: 300 },
    )
  })
})
