import { eventInvalid, show } from '../errors.ts'

/** Bytes as they come: text counts as its UTF-8. */
export type BytePiece = Uint8Array | ArrayBuffer | string

const UTF_8 = /* @__PURE__ */ new TextEncoder()
const NONE = /* @__PURE__ */ new Uint8Array(0)

/** The bytes of one piece after the other. A character of UTF-16 whose halves come in two texts is one character. */
export class PieceBytes {
  /** The first half of a character, at the end of the last text. */
  #half = ''

  /** @throws EventfluxError `EVENT_INVALID` for what is no piece. */
  of(piece: BytePiece): Uint8Array {
    if (typeof piece === 'string') {
      const text = this.#half + piece
      this.#half = endsInHalf(text) ? text.slice(-1) : ''
      return UTF_8.encode(text.slice(0, text.length - this.#half.length))
    }
    const bytes = bytesOf(piece)
    const half = this.rest()
    if (half.length === 0) return bytes
    const both = new Uint8Array(half.length + bytes.length)
    both.set(half)
    both.set(bytes, half.length)
    return both
  }

  /** What is left where no text follows: half a character, replaced as UTF-8 has none. */
  rest(): Uint8Array {
    if (this.#half === '') return NONE
    const bytes = UTF_8.encode(this.#half)
    this.#half = ''
    return bytes
  }
}

function endsInHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd8_00 && last <= 0xdb_ff
}

function bytesOf(piece: Uint8Array | ArrayBuffer): Uint8Array {
  if (piece instanceof Uint8Array) return piece
  if (piece instanceof ArrayBuffer) return new Uint8Array(piece)
  throw eventInvalid(`a piece of the input is ${show(piece)}, and must be a Uint8Array, an ArrayBuffer or text`, {
    value: piece,
  })
}
