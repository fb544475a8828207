import { checkpointInvalid, show } from '../errors.ts'

/** @throws EventfluxError `CHECKPOINT_INVALID` for what is no array of bytes. */
export function checkBytes(what: string, bytes: unknown): void {
  if (ArrayBuffer.isView(bytes) && 'length' in bytes) return
  throw checkpointInvalid(`${what} is a Uint8Array, not ${show(bytes)}`, { value: bytes })
}
