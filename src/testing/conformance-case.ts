import { rowDifference } from './row-difference.ts'

/** One thing that must hold, for whatever test framework: `for (const { name, run } of cases) test(name, run)`. */
export interface ConformanceCase {
  readonly name: string
  /** Rejects with an Error to be read when it does not hold. */
  readonly run: () => Promise<void>
}

/** @throws Error with what is different, when the items are not those expected, in their order. */
export function demandSame(what: string, expected: readonly unknown[], came: readonly unknown[]): void {
  const difference = rowDifference(expected, came, { isPartial: false, isOrdered: true })
  if (difference !== undefined) throw new Error(`${what} (- expected, + came):\n\n${difference}`)
}

/** @throws Error when it does not hold. */
export function demand(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise)
}
