import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { untilDestroyed } from './readable.ts'

/** Bytes of decompressed data handed on at a time. */
const INFLATED_BYTES = 65_536

/** Whether input is compressed: `'auto'` looks at its first two bytes. */
export type GzipInput = 'auto' | boolean

/** The bytes of a stream, decompressed where they are compressed; giving up destroys it at once. */
export function bytesOf(readable: Readable, gzip: GzipInput): AsyncIterable<Uint8Array> {
  if (gzip === false) return untilDestroyed(readable)
  return {
    [Symbol.asyncIterator]() {
      const chunks = inflated(readable, gzip)
      return {
        next: () => chunks.next(),
        async return() {
          readable.destroy()
          return { done: true, value: undefined }
        },
      }
    },
  }
}

async function* inflated(readable: Readable, gzip: true | 'auto'): AsyncGenerator<Uint8Array, void, void> {
  const chunks = chunksOf(readable)
  const head: Uint8Array[] = []
  while (gzip === 'auto' && lengthOf(head) < 2) {
    const next = await chunks.next()
    if (next.done) break
    head.push(next.value)
  }
  if (gzip === true || isGzip(Buffer.concat(head))) {
    const gunzip = createGunzip({ chunkSize: INFLATED_BYTES })
    // What fails on the way destroys `gunzip`, and is thrown below.
    pipeline(Readable.from(joined(head, chunks)), gunzip, () => {})
    yield* gunzip
  } else yield* joined(head, chunks)
}

async function* chunksOf(readable: Readable): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of readable) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
}

async function* joined(head: Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  yield* head
  yield* rest
}

const lengthOf = (chunks: readonly Uint8Array[]): number => chunks.reduce((sum, { length }) => sum + length, 0)

/** Whether bytes begin as gzip does. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b
