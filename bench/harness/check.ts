/** Ends the bench when a result is wrong: a fast wrong answer has no rate. */
export function check(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(`Wrong result: ${message}`)
}

/** Whether two numbers agree to within `tolerance`, relative to the greater. */
export function isClose(a: number, b: number, tolerance: number): boolean {
  return a === b || Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b))
}
