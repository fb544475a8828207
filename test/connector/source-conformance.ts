import { describe, expect, test } from 'vitest'
import type { Source } from '../../src/connector/source.ts'
import { RecordingIntake, until } from './recording-intake.ts'

export interface SourceCase<E> {
  /** A source of `events`, at least 5, in this order, for one run. */
  readonly make: () => { readonly source: Source<E>; readonly isReleased?: () => boolean | Promise<boolean> }
  readonly events: readonly E[]
  /** Whether it ends by itself after the last event. */
  readonly isBounded: boolean
}

/** What every source must do, whatever it is made of. */
export function describeSource<E>(name: string, { make, events, isBounded }: SourceCase<E>): void {
  describe(`${name}, as a source`, () => {
    const whole = async (intake: RecordingIntake<E>): Promise<Source<E>> => {
      const { source } = make()
      const running = source.run(intake)
      if (!isBounded) {
        await until(() => intake.events.length >= events.length)
        intake.controller.abort()
      }
      await running
      await source.close?.()
      return source
    }

    test('gives all events in order', async () => {
      const intake = new RecordingIntake<E>()
      await whole(intake)
      expect(intake.events).toEqual(events)
      expect(intake.rejected).toEqual([])
    })

    test('waits for every push that returns a promise', async () => {
      const intake = new RecordingIntake<E>({ pause: () => new Promise(resolve => setImmediate(resolve)) })
      await whole(intake)
      expect(intake.events).toEqual(events)
      expect(intake.overruns).toBe(0)
    })

    test('lets the event loop turn', async () => {
      const intake = new RecordingIntake<E>({ pause: async () => {} })
      let turns = 0
      const timer = setInterval(() => turns++, 0)
      await whole(intake)
      await until(() => turns > 0)
      clearInterval(timer)
      expect(intake.events).toEqual(events)
    })

    test('stops while a push waits for room, and lets go of what it reads', async () => {
      const intake = new RecordingIntake<E>({ pause: () => new Promise(() => {}) })
      const { source, isReleased } = make()
      const running = source.run(intake)
      await until(() => intake.pushes > 0)
      intake.controller.abort()
      await running
      await source.close?.()
      expect(intake.pushes).toBe(1)
      if (isReleased) expect(await isReleased()).toBe(true)
    })

    test('pushes nothing when it is stopped before it begins', async () => {
      const intake = new RecordingIntake<E>()
      intake.controller.abort()
      const { source } = make()
      await source.run(intake)
      await source.close?.()
      expect(intake.events).toEqual([])
    })

    test('says what it is', () => {
      const { metadata } = make().source
      expect(metadata.name).not.toBe('')
      expect(metadata.kind).not.toBe('')
      expect(typeof metadata.replayable).toBe('boolean')
      expect(typeof metadata.bounded).toBe('boolean')
    })
  })
}
