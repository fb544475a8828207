/** Longest text remembered, and how many. */
const MAX_BYTES = 32
const SLOTS = 1024

/**
 * Makes strings of spans of bytes, remembering short ASCII ones: a column of symbols or country codes then costs a
 * comparison a field instead of a decoder call and a new string. Bounded: a slot keeps the last text that fell into it.
 */
export class SpanText {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #slots: string[] = new Array(SLOTS).fill('')

  /** The text of `bytes[start, end)`, or undefined when it isn't UTF-8. */
  read(bytes: Uint8Array, start: number, end: number): string | undefined {
    const length = end - start
    if (length === 0) return ''
    if (length > MAX_BYTES) return this.#decode(bytes, start, end)
    let hash = length
    let anyBit = 0
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!
      anyBit |= byte
      hash = Math.imul(hash, 31) + byte
    }
    if (anyBit > 127) return this.#decode(bytes, start, end)
    const slot = (hash ^ (hash >>> 10)) & (SLOTS - 1)
    const known = this.#slots[slot]!
    if (known.length === length && isSame(known, bytes, start)) return known
    const text = String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[])
    this.#slots[slot] = text
    return text
  }

  #decode(bytes: Uint8Array, start: number, end: number): string | undefined {
    try {
      return this.#decoder.decode(bytes.subarray(start, end))
    } catch {
      return undefined
    }
  }
}

function isSame(text: string, bytes: Uint8Array, start: number): boolean {
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false
  }
  return true
}
