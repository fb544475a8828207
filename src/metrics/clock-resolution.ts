import type { Clock } from '../time/clock.ts'

const STEPS = 5
/** About a millisecond on today's machines; enough to see a browser clock coarsened to 100 µs move. */
const READINGS = 20_000

/**
 * The smallest step the clock is seen to make, in nanoseconds: browsers coarsen theirs to 5-100 µs. NaN if it doesn't
 * move within some twenty thousand readings, as a virtual clock or one coarsened to milliseconds.
 */
export function measureClockResolutionNs(clock: Clock): number {
  let smallest = Number.NaN
  let last = clock.monotonicNs()
  for (let reading = 0, steps = 0; reading < READINGS && steps < STEPS; reading++) {
    const now = clock.monotonicNs()
    if (now === last) continue
    if (!(now - last >= smallest)) smallest = now - last
    last = now
    steps++
  }
  return smallest
}
