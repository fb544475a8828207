import type { Decoder } from '../../src/connector/decoder.ts'
import type { EventfluxError } from '../../src/errors.ts'
import { blockRows } from '../../src/testing/block-rows.ts'

export interface Decoded {
  readonly rows: Record<string, unknown>[]
  readonly errors: EventfluxError[]
}

const encoder = new TextEncoder()

/** Everything a decoder makes of bytes that come in pieces cut at `cuts` (ascending positions). */
export function decoded(decoder: Decoder, document: string | Uint8Array, cuts: readonly number[] = []): Decoded {
  const bytes = typeof document === 'string' ? encoder.encode(document) : document
  const rows: Record<string, unknown>[] = []
  const errors: EventfluxError[] = []
  const drain = (): void => {
    for (let block = decoder.next(e => errors.push(e)); block; block = decoder.next(e => errors.push(e))) {
      rows.push(...blockRows(block))
    }
  }
  const scratch = new Uint8Array(bytes.length)
  for (const [index, from] of [0, ...cuts].entries()) {
    const to = cuts[index] ?? bytes.length
    // The caller's buffer is reused at once: a decoder must have copied it.
    const piece = scratch.subarray(0, to - from)
    piece.set(bytes.subarray(from, to))
    decoder.feed(piece)
    drain()
    piece.fill(0x22)
  }
  decoder.finish()
  drain()
  return { rows, errors }
}

/** What errors say of where, and the lines they name. */
export const linesOf = (errors: readonly EventfluxError[]): (string | undefined)[] => errors.map(error => error.at)
