import { session } from '../../src/time/session-windows.ts'
import { cumulate, hopping, tumbling, type WindowSpec } from '../../src/time/windows.ts'
import type { TimeCase } from './cases.ts'

/** A step of a script: a row of a key, value and time (or without one, by the clock), a watermark, an instant of the clock. */
export type Step =
  | readonly ['e', string, number, number]
  | readonly ['w', number | 'end']
  | readonly ['t', number]
  | readonly ['e', string, number]

/** What operators of Flink's are told about late rows, in the words of this library. */
export const latenessOf = ({ allowedLateness = 0, purge = false }: TimeCase['input']) =>
  ({ allowedLateness, firing: purge ? 'discarding' : 'accumulating', lateTo: 'late' }) as const

/** A window that a case names by its kind: `{ "tumbling": 10 }`, `{ "hopping": [10, 5] }`. */
export function windowNamed(
  { tumbling: size, hopping: sizes, cumulate: steps, session: gap, ...named }: TimeCase['input'],
  lateness: object = {},
): WindowSpec {
  const options = { ...named, ...lateness }
  if (size !== undefined) return tumbling(size, options)
  if (sizes !== undefined) return hopping(sizes[0], sizes[1], { sampling: sizes[1] > sizes[0], ...options })
  if (steps !== undefined) return cumulate(steps[0], steps[1], options)
  return session(gap, options)
}

/** A window of a case in the words of this library. */
export function windowOf({ kind, size, slide, step, max, gap, ...options }: TimeCase['input']): WindowSpec {
  switch (kind) {
    case 'tumbling':
      return tumbling(size, options)
    case 'hopping':
      return hopping(size, slide, options)
    case 'cumulate':
      return cumulate(step, max, options)
    case 'session':
      return session(gap, options)
  }
  throw new Error(`no window ${kind}`)
}
