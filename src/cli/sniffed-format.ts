import type { Source } from 'eventflux'

export type Bytes = AsyncIterable<Uint8Array>

const BLANK = new Set([9, 10, 13, 32, 0xef, 0xbb, 0xbf])

/** A source that is chosen by the first byte of its input that isn't blank (nor a byte order mark). */
export function sniffed(
  name: string,
  input: Bytes,
  choose: (input: { readonly bytes: Bytes; readonly first: number | undefined }) => Source<never>,
): Source<never> {
  let chosen: Source<never> | undefined
  return {
    get metadata() {
      return chosen?.metadata ?? { name, kind: 'stdin', replayable: false, bounded: true }
    },
    async run(intake) {
      const chunks = input[Symbol.asyncIterator]()
      const give = (): void => void chunks.return?.()
      intake.signal.addEventListener('abort', give, { once: true })
      try {
        const head: Uint8Array[] = []
        let first: number | undefined
        while (first === undefined && !intake.signal.aborted) {
          // Giving up destroys the input: what is being waited for then fails, and nobody wants it.
          const next = await chunks.next().catch(error => {
            if (intake.signal.aborted) return { done: true as const, value: undefined }
            throw error
          })
          if (next.done) break
          head.push(next.value)
          first = next.value.find(byte => !BLANK.has(byte))
        }
        if (intake.signal.aborted) return
        chosen = choose({ bytes: after(head, chunks), first })
      } finally {
        intake.signal.removeEventListener('abort', give)
      }
      await chosen.run(intake)
    },
  }
}

/** What was read, then the rest. */
function after(head: Uint8Array[], rest: AsyncIterator<Uint8Array>): Bytes {
  return {
    [Symbol.asyncIterator]: () => ({
      next() {
        const value = head.shift()
        return value === undefined ? rest.next() : Promise.resolve({ done: false, value })
      },
      return: async () => (await rest.return?.()) ?? { done: true, value: undefined },
    }),
  }
}
