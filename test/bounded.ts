/** Whether the long form of long suites is asked for: `npm run test:full`. */
const IS_FULL = process.env.EVENTFLUX_TESTS === 'full'

/** How much a long suite does: a part of it in `npm test`, all of it in `npm run test:full`. */
export const bounded = <T>(inShort: T, inFull: T): T => (IS_FULL ? inFull : inShort)

/** What case number `turn` tries of several: in `npm test` one, and the next case the next; in `npm run test:full` each all. */
export const takingTurns = <T>(turn: number, all: readonly T[]): readonly T[] => partOf(turn, all.length, all)

/** Of several so many parts: in `npm test` one, and the next case the next; in `npm run test:full` all. */
export const partOf = <T>(turn: number, parts: number, all: readonly T[]): readonly T[] =>
  IS_FULL ? all : all.filter((_, i) => i % parts === turn % parts)
