import { checkpointInvalid, show } from '../errors.ts'

/** @throws EventfluxError `CHECKPOINT_INVALID` for what isn't bytes, of whichever realm. */
export function checkBytes(bytes: unknown): void {
  if (Object.prototype.toString.call(bytes) === '[object Uint8Array]') return
  throw checkpointInvalid(`a checkpoint is a Uint8Array, not ${show(bytes)}`, { value: bytes })
}
