import { type SinkLike, toSink } from '../connector/to-sink.ts'
import type { ResultBatch } from '../runtime/result-batch.ts'
import { checkSchema, type Schema } from '../schema/schema.ts'
import { type ArrowLibrary, loadArrow } from './arrow-library.ts'
import type { ColumnOptions } from './column-parts.ts'
import { arrowSchema, recordBatches } from './record-batches.ts'

/** Writes results as bytes of Arrow's IPC stream format. */
export interface ArrowStream {
  /** For `run({ onBatch })`. */
  readonly onBatch: (batch: ResultBatch) => void | Promise<void>
  /** Writes the end of the stream and closes the output. Call it when the job is done. */
  close(): Promise<void>
}

/**
 * Results as bytes of Arrow's IPC stream format, which pandas, Polars, DuckDB and all other Arrow libraries read, into a
 * sink of bytes. Needs the package `apache-arrow`.
 *
 * @param schema That of the results: `pipeline.outputSchema`.
 * @param options Whether text is written as text or by dictionaries.
 * @example
 * const chunks: Uint8Array[] = []
 * const stream = await arrowStream(highs.outputSchema, chunks)
 * const job = await highs.run({ onBatch: stream.onBatch })
 * await job.drain()
 * await stream.close()
 */
export async function arrowStream(
  schema: Schema,
  output: SinkLike<Uint8Array>,
  options: Pick<ColumnOptions, 'text'> = {},
): Promise<ArrowStream> {
  checkSchema('arrowStream', schema)
  const columns = { ...options, copy: false }
  const [arrow, toRecordBatch] = await Promise.all([loadArrow(), recordBatches(schema, columns)])
  const target = toSink(output)
  const queue = new (collectorOf(arrow))()
  const writer = new arrow.RecordBatchStreamWriter().reset(queue)
  let isStarted = false
  return {
    onBatch(batch) {
      isStarted = true
      writer.write(toRecordBatch(batch))
      return target.write(queue.take())
    },
    async close() {
      if (!isStarted) writer.write(new arrow.Table(arrowSchema(arrow, schema, columns)))
      writer.finish()
      await target.write(queue.take())
      await target.flush?.()
      await target.close?.()
    },
  }
}

/** The writer's output, kept until it is taken: whoever writes a batch hands on its bytes at once, and can wait for that. */
function collectorOf({ AsyncByteQueue }: ArrowLibrary) {
  return class extends AsyncByteQueue {
    #chunks: Uint8Array[] = []

    override write(chunk: ArrayBufferView | ArrayBuffer): void {
      this.#chunks.push(
        chunk instanceof ArrayBuffer
          ? new Uint8Array(chunk)
          : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength),
      )
    }

    /** A copy of what was written since. */
    take(): Uint8Array {
      const bytes = new Uint8Array(this.#chunks.reduce((sum, { length }) => sum + length, 0))
      let at = 0
      for (const chunk of this.#chunks) {
        bytes.set(chunk, at)
        at += chunk.length
      }
      this.#chunks = []
      return bytes
    }
  }
}
