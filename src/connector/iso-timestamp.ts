const DAY_MS = 86_400_000
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/**
 * Milliseconds since the epoch of ISO 8601 text standing in `bytes[start, end)`, or NaN when it is none.
 *
 * Read are `YYYY-MM-DD` and `YYYY-MM-DD` + `T` or a space + `HH:MM[:SS[.fraction]]` + `Z`, `±HH:MM`, `±HHMM` or nothing.
 * Without a zone the text is UTC, on every machine (`Date.parse` takes it for local time). A fraction is cut to
 * milliseconds.
 */
export function parseIsoTimestamp(bytes: Uint8Array, start: number, end: number): number {
  if (end - start < 10 || bytes[start + 4] !== 45 || bytes[start + 7] !== 45) return Number.NaN
  const dayMs = dateMs(
    twoDigits(bytes, start) * 100 + twoDigits(bytes, start + 2),
    twoDigits(bytes, start + 5),
    twoDigits(bytes, start + 8),
  )
  if (end - start === 10) return dayMs
  const separator = bytes[start + 10]
  if ((separator !== 84 && separator !== 116 && separator !== 32) || end - start < 16 || bytes[start + 13] !== 58) {
    return Number.NaN
  }
  const hour = twoDigits(bytes, start + 11)
  const minute = twoDigits(bytes, start + 14)
  let at = start + 16
  let second = 0
  let ms = 0
  if (at < end && bytes[at] === 58) {
    if (end - at < 3) return Number.NaN
    second = twoDigits(bytes, at + 1)
    at += 3
    if (at < end && bytes[at] === 46) {
      const fraction = ++at
      for (let scale = 100; at < end && isDigit(bytes[at]!); at++, scale = Math.floor(scale / 10)) {
        ms += (bytes[at]! - 48) * scale
      }
      if (at === fraction) return Number.NaN
    }
  }
  // NaN digits fail the comparisons too.
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN
  return dayMs + ((hour * 60 + minute) * 60 + second) * 1000 + ms - zoneMs(bytes, at, end)
}

function zoneMs(bytes: Uint8Array, at: number, end: number): number {
  if (at === end) return 0
  const sign = bytes[at]
  if (sign === 90 || sign === 122) return at + 1 === end ? 0 : Number.NaN
  if (sign !== 43 && sign !== 45) return Number.NaN
  const minutesAt = end - at === 6 && bytes[at + 3] === 58 ? at + 4 : end - at === 5 ? at + 3 : -1
  if (minutesAt < 0) return Number.NaN
  const hours = twoDigits(bytes, at + 1)
  const minutes = twoDigits(bytes, minutesAt)
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN
  return (sign === 45 ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57
}

function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = bytes[at]!
  const ones = bytes[at + 1]!
  return isDigit(tens) && isDigit(ones) ? (tens - 48) * 10 + (ones - 48) : Number.NaN
}

/** Milliseconds of a civil date's midnight (days counted in years that begin in March, so that leap days come last). */
function dateMs(year: number, month: number, day: number): number {
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return Number.NaN
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  if (day > DAYS_IN_MONTH[month - 1]! + (month === 2 && isLeap ? 1 : 0)) return Number.NaN
  const marchYear = month <= 2 ? year - 1 : year
  const era = Math.floor(marchYear / 400)
  const yearOfEra = marchYear - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return (era * 146_097 + dayOfEra - 719_468) * DAY_MS
}
