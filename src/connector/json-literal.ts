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
      const colon = /^\s*:\s*/.exec(json.slice(end, end + 64))
      if (depth === 1 && colon && JSON.parse(json.slice(at, end)) === name) {
        found = /^-?\d+(?![\d.eE])/.exec(json.slice(end + colon[0].length, end + colon[0].length + 64))?.[0]
      }
      at = end - 1
    }
  }
  return found
}

/** Position after the closing quote of the string that opens at `start`. */
function stringEnd(json: string, start: number): number {
  let at = start + 1
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1
  return at + 1
}
