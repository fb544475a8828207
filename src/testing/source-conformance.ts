import type { Source } from '../connector/source.ts'
import { type SourceLike, toSource } from '../connector/to-source.ts'
import { expectArgument, has } from '../options.ts'
import { type ConformanceCase, demand, demandSame } from './conformance-case.ts'
import { turnOfLoop, until, within } from './event-loop.ts'
import { TestIntake } from './test-intake.ts'

/** A source under test. */
export interface SourceSubject<E> {
  /**
   * A source of `events`, in this order, for one run: anything that can feed a job. `isReleased` tells, after the source
   * was stopped, whether it let go of what it reads.
   */
  readonly make: () => { readonly source: SourceLike<E>; readonly isReleased?: () => boolean | Promise<boolean> }
  /** At least 5. */
  readonly events: readonly E[]
  /** Whether it ends by itself after the last event. */
  readonly isBounded: boolean
}

/**
 * What every source must do, whatever it is made of: all events in order, waiting for each push, stopping when told to.
 *
 * @example
 * ```ts
 * const cases = sourceConformance({
 *   make: () => ({ source: [1, 2, 3, 4, 5].map(id => ({ id })) }),
 *   events: [1, 2, 3, 4, 5].map(id => ({ id })),
 *   isBounded: true,
 * })
 * for (const { name, run } of cases) {
 *   console.log(name)
 *   await run()
 * }
 * ```
 */
export function sourceConformance<E>(subject: SourceSubject<E>): ConformanceCase[] {
  expectArgument('sourceConformance', subject, has('make'), 'what is tried: { make, events, isBounded }')
  const { make, events, isBounded } = subject
  const made = () => {
    const { source, isReleased } = make()
    return { source: toSource(source), isReleased }
  }
  const ended = (running: void | Promise<void>, when: string) => within(running, `run() resolves ${when}`)
  const whole = async (intake: TestIntake<E>): Promise<void> => {
    const { source } = made()
    const running = source.run(intake)
    if (!isBounded) {
      await until(() => intake.events.length >= events.length, 'all events are pushed')
      intake.controller.abort()
    }
    await ended(running, isBounded ? 'after the last event' : 'when the signal aborts')
    await source.close?.()
    // One that does not end by itself may have gone on until it was told to stop.
    const came = isBounded ? intake.events : intake.events.slice(0, events.length)
    demandSame('The events differ', events, came)
  }

  return [
    {
      name: 'gives all events in order',
      async run() {
        const intake = new TestIntake<E>()
        await whole(intake)
        demandSame('Events were rejected', [], intake.rejected)
      },
    },
    {
      name: 'waits for every push that returns a promise',
      async run() {
        let pauses = 0
        const pause = () => (pauses++ % 16 === 0 ? turnOfLoop() : Promise.resolve())
        const intake = new TestIntake<E>({ pause })
        await whole(intake)
        demand(intake.overruns === 0, `${intake.overruns} pushes were made while an earlier one still waited`)
      },
    },
    {
      name: 'lets the event loop turn',
      async run() {
        let turns = 0
        let isOver = false
        const turning = (async () => {
          for (; !isOver; turns++) await turnOfLoop()
        })()
        await whole(new TestIntake<E>({ pause: async () => {} }))
        isOver = true
        await turning
        demand(turns > 0, 'Nothing else could run while the source did')
      },
    },
    {
      name: 'stops while a push waits for room, and lets go of what it reads',
      async run() {
        const intake = new TestIntake<E>({ pause: () => new Promise(() => {}) })
        const { source, isReleased } = made()
        const running = source.run(intake)
        await until(() => intake.pushes > 0, 'an event is pushed')
        intake.controller.abort()
        await ended(running, 'when the signal aborts, though a push waits')
        await source.close?.()
        demand(intake.pushes === 1, `${intake.pushes} pushes were made, the first of which still waits`)
        demand((await isReleased?.()) !== false, 'It still holds what it reads')
      },
    },
    {
      name: 'pushes nothing when it is stopped before it begins',
      async run() {
        const intake = new TestIntake<E>()
        intake.controller.abort()
        const { source } = made()
        await ended(source.run(intake), 'when the signal has aborted before')
        await source.close?.()
        demandSame('Events were pushed', [], intake.events)
      },
    },
    { name: 'says what it is', run: async () => demandMetadata(made().source) },
  ]
}

function demandMetadata({ metadata }: Source<never>): void {
  const { name, kind, replayable, bounded } = metadata
  demand(typeof name === 'string' && name !== '', 'metadata.name is a text that is not empty')
  demand(typeof kind === 'string' && kind !== '', 'metadata.kind is a text that is not empty')
  demand(typeof replayable === 'boolean', 'metadata.replayable is true or false')
  demand(typeof bounded === 'boolean', 'metadata.bounded is true or false')
}
