import { optionInvalid, show } from '../errors.ts'

type N = `${number}`

/**
 * A length of time: milliseconds as a whole number, or text of numbers and units (`d h m s ms`, each at most once,
 * longest first): `'500ms'`, `'1m'`, `'1h30m'`, `'1.5s'`.
 */
export type Duration =
  | number
  | `${N}${'d' | 'h' | 'm' | 's' | 'ms'}`
  | `${N}d${N}${'h' | 'm' | 's' | 'ms'}`
  | `${N}h${N}${'m' | 's' | 'ms'}`
  | `${N}m${N}${'s' | 'ms'}`
  | `${N}s${N}ms`
  | `${N}d${N}h${N}m`
  | `${N}h${N}m${N}s`
  | `${N}m${N}s${N}ms`
  | `${N}d${N}h${N}m${N}s`

const TEXT =
  /^(-)?(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?$/

const UNIT_MS = [86_400_000, 3_600_000, 60_000, 1_000, 1]

/** Longer text is refused before it is matched. */
const MAX_TEXT_LENGTH = 100

/**
 * A duration in milliseconds: a safe integer, negative only when it is written so (`-500`, `'-1h'`).
 *
 * @param at Names the option in the error.
 * @throws EventfluxError `OPTION_INVALID` for other text, and for what isn't a whole number of milliseconds.
 *
 * @example
 * ```ts
 * durationMs('1h30m') // 5,400,000
 * durationMs(250) // 250
 * ```
 */
export function durationMs(duration: Duration, at = 'duration'): number {
  const ms = typeof duration === 'string' ? parse(duration) : duration
  if (Number.isSafeInteger(ms)) return ms === 0 ? 0 : ms
  throw optionInvalid(
    `${at} is a whole number of milliseconds or text such as '500ms', '1m' or '1h30m', not ${show(duration)}`,
    { value: duration, at },
  )
}

function parse(text: string): number {
  const match = text.length > MAX_TEXT_LENGTH ? null : TEXT.exec(text)
  const parts = match?.slice(2) ?? []
  if (parts.every(part => part === undefined)) return Number.NaN
  // Tenths and such are rounded to the microsecond, so that '1.1s' is 1,100 ms and '0.0001ms' is refused.
  const ms = parts.reduce((sum, part, i) => sum + Math.round(Number(part ?? 0) * UNIT_MS[i]! * 1_000), 0) / 1_000
  return match![1] === undefined ? ms : -ms
}

/** Milliseconds as short text: 90,000 → `1m30s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0ms'
  if (ms < 0) return `-${formatDuration(-ms)}`
  let rest = ms
  let text = ''
  for (const [i, unit] of ['d', 'h', 'm', 's', 'ms'].entries()) {
    const count = Math.floor(rest / UNIT_MS[i]!)
    if (count > 0) text += `${count}${unit}`
    rest -= count * UNIT_MS[i]!
  }
  return text
}
