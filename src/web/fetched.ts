import type { ByteInput } from '../connector/byte-source.ts'
import { sourceFailed } from '../errors.ts'

/**
 * The body of an HTTP answer as bytes, for `ndjsonSource` and `csvSource`: asked for anew at each run, read as fast as the
 * job takes it, given up when the job stops. An answer that isn't ok fails the source.
 *
 * @example
 * const source = ndjsonSource(fetched('https://example.org/trades.ndjson'))
 */
export function fetched(address: string | URL | Request, init: RequestInit = {}): ByteInput {
  return () => ({
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
      const abort = new AbortController()
      const signal = init.signal ? AbortSignal.any([abort.signal, init.signal]) : abort.signal
      const chunks = bodyOf(address instanceof Request ? address.clone() : address, { ...init, signal })
      return {
        next: async () => (await chunks.next()) as IteratorResult<Uint8Array, undefined>,
        async return() {
          abort.abort()
          return { done: true, value: undefined }
        },
      }
    },
  })
}

async function* bodyOf(address: string | URL | Request, init: RequestInit): AsyncGenerator<Uint8Array, void, void> {
  const response = await fetch(address, init)
  if (!response.ok) {
    throw sourceFailed(`${response.url} answered ${response.status} ${response.statusText}`, { value: response.status })
  }
  const reader = response.body?.getReader()
  for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) yield next.value
}
