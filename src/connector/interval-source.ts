import { optionInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import type { Source } from './source.ts'

/**
 * Calls `make` every `ms` milliseconds of the job's clock, at start + ms, start + 2·ms, …, with the number of the tick
 * (from 0), and pushes what it returns; undefined pushes nothing. A tick that comes due while the last push still waits
 * for room is skipped, so are ticks a busy event loop missed: the others keep their numbers and instants.
 *
 * @param options.count ends the source after that many ticks; endless by default.
 * @example
 * const load = interval(1_000, tick => ({ time: Date.now(), tick }), { name: 'heartbeat' })
 */
export function interval<E>(
  ms: number,
  make: (tick: number) => E | undefined,
  options: { readonly name?: string; readonly count?: number } = {},
): Source<E> {
  checkOptions<typeof options>('interval', options, { name: true, count: true })
  const { name = 'interval', count = Number.POSITIVE_INFINITY } = options
  if (!(Number.isFinite(ms) && ms > 0)) {
    throw optionInvalid(`the period of "${name}" is ${show(ms)} and must be milliseconds above 0`, {
      value: ms,
      at: name,
    })
  }
  if (!(count >= 0)) {
    throw optionInvalid(`count of "${name}" is ${show(count)} and must be at least 0`, { value: count, at: name })
  }
  return {
    metadata: { name, kind: 'interval', replayable: false, bounded: Number.isFinite(count) },
    run: intake =>
      new Promise<void>((resolve, reject) => {
        const { clock, signal } = intake
        const startMs = clock.now()
        let cancel: () => void = () => {}
        let isPushing = false
        let isOver = false
        const settle = (): void => {
          signal.removeEventListener('abort', stop)
          resolve()
        }
        const fail = (cause: unknown): void => {
          signal.removeEventListener('abort', stop)
          isOver = true
          cancel()
          reject(cause)
        }
        const stop = (): void => {
          isOver = true
          cancel()
          settle()
        }
        const fire = (tick: number): void => {
          try {
            const event = isPushing ? undefined : make(tick)
            const outcome = event === undefined ? true : intake.push(event)
            if (outcome !== true && 'then' in outcome) {
              isPushing = true
              outcome.then(() => {
                isPushing = false
                if (isOver) settle()
              }, fail)
            }
            schedule(tick + 1)
          } catch (cause) {
            fail(cause)
          }
        }
        const schedule = (wanted: number): void => {
          const missed = Math.ceil((clock.now() - startMs) / ms) - 1
          const tick = Math.max(wanted, missed)
          if (tick < count) {
            cancel = clock.after(startMs + (tick + 1) * ms - clock.now(), () => fire(tick))
            return
          }
          isOver = true
          if (!isPushing) settle()
        }
        signal.addEventListener('abort', stop, { once: true })
        if (signal.aborted) stop()
        else schedule(0)
      }),
  }
}
