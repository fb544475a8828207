import fc from 'fast-check'

/** Steps of time that go on by and large, back a little, and now and then far. */
export const wanderingStep = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: -3, max: 5 }) },
  { weight: 1, arbitrary: fc.integer({ min: -40, max: 70 }) },
)

/** Rows with the times that their steps lead to. */
export function wander<R extends object>(from: number, rows: readonly (R & { readonly step: number })[], unitMs = 1) {
  let time = from
  return rows.map(({ step, ...row }) => {
    time += step * unitMs
    return { time, ...row }
  })
}
