/**
 * The number as it is written after the key `name` of the object in `json` (already known to be valid JSON), or
 * undefined when that isn't a plain integer. `JSON.parse` rounds integers beyond 2^53; this finds what was written. As
 * there, the last of several equal keys counts.
 */
export function integerLiteral(json: string, name: string): string | undefined {
  let found: string | undefined
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const character = json[at]!
    if (character === '{' || character === '[') depth++
    else if (character === '}' || character === ']') depth--
    else if (character === '"') {
      const end = stringEnd(json, at)
      const colon = depth === 1 ? matchAt(COLON, json, end) : undefined
      if (colon !== undefined && JSON.parse(json.slice(at, end)) === name) {
        found = matchAt(INTEGER, json, end + colon.length)
      }
      at = end - 1
    }
  }
  return found
}

const COLON = /\s*:\s*/y
const INTEGER = /-?\d+(?![\d.eE])/y

/** What a sticky pattern matches at a position; undefined: nothing. */
function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** Position after the closing quote of the string that opens at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}
