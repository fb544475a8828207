import { optionInvalid, show } from '../errors.ts'
import { fingerprint } from '../plan/fingerprint.ts'

/**
 * The bytes behind the memory of a handle.
 *
 * @throws EventfluxError `OPTION_INVALID` for what is no shared memory, or in no whole words.
 */
export function sharedBytesOf(memory: unknown): SharedArrayBuffer {
  const bytes = typeof WebAssembly !== 'undefined' && memory instanceof WebAssembly.Memory ? memory.buffer : memory
  if (typeof SharedArrayBuffer === 'undefined' || !(bytes instanceof SharedArrayBuffer))
    throw optionInvalid(
      `the memory of a handle is a SharedArrayBuffer or a shared WebAssembly.Memory, not ${show(memory)}`,
      {
        at: 'memory',
      },
    )
  if (bytes.byteLength % 8 === 0) return bytes
  throw optionInvalid(`the memory of a handle is in words of 8 bytes, not ${bytes.byteLength} bytes`, { at: 'memory' })
}

/** 32 bits that stand in the memory of what was made like this, and hardly in any other. */
export function markOf(...layout: readonly unknown[]): number {
  return Number.parseInt(fingerprint(layout).slice(0, 8), 16)
}
