import { checkpointInvalid, checkpointUnsupported } from '../errors.ts'

/** Whether bytes are compressed: gzip says so in front. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/** @throws EventfluxError `CHECKPOINT_UNSUPPORTED` where the runtime has no `CompressionStream`. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  if (typeof CompressionStream === 'undefined')
    throw checkpointUnsupported('this runtime has no CompressionStream: checkpoints can not be compressed here')
  return await through(bytes, new CompressionStream('gzip'), Number.POSITIVE_INFINITY)
}

/**
 * @param mostBytes What it may unpack to: a few bytes can be made to unpack to very many.
 * @throws EventfluxError `CHECKPOINT_INVALID`, `CHECKPOINT_UNSUPPORTED`.
 */
export async function gunzip(bytes: Uint8Array, mostBytes: number): Promise<Uint8Array> {
  if (typeof DecompressionStream === 'undefined')
    throw checkpointUnsupported('this runtime has no DecompressionStream: a compressed checkpoint can not be read here')
  return await through(bytes, new DecompressionStream('gzip'), mostBytes)
}

async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  mostBytes: number,
): Promise<Uint8Array> {
  const writer = stream.writable.getWriter()
  // What fails here fails the reader too.
  const ignore = (): void => {}
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(ignore)
  writer.close().catch(ignore)
  const reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>
  const chunks: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read().catch(cause => {
      throw checkpointInvalid('the compressed checkpoint is damaged', { cause })
    })
    if (done) break
    length += value.length
    if (length > mostBytes) {
      reader.cancel().catch(ignore)
      throw checkpointInvalid(`the checkpoint unpacks to more than ${mostBytes} bytes: maxBytes bounds that`)
    }
    chunks.push(value)
  }
  const all = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
