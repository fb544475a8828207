import * as promises from 'node:fs/promises'
import { promisify } from 'node:util'
import { gzip as gzipBytes } from 'node:zlib'
import type { Sink } from '../connector/sink.ts'
import { checkOptions, type OptionNames } from '../options.ts'
import { CommittedFile } from './committed-file.ts'
import { expectPath, nameOf } from './file-path.ts'

const compress = promisify(gzipBytes)

/** How a file is written. */
export interface FileSinkOptions {
  /** The name in errors and metrics. Default: the file's. */
  readonly name?: string
  /** Compresses, piece by piece: whatever was written can be read. Default: whether the name ends in `.gz`. */
  readonly gzip?: boolean
  /** Whether to add to what is there. Default false: the file is emptied. */
  readonly append?: boolean
  /**
   * Whether rows come out exactly once, whatever happens to the process: those of a checkpoint stand in the file when it is
   * durable, and not before; without checkpoints, when the job ends. Until then they stand in files beside it, whose names
   * end in `.pending`. Default false.
   */
  readonly exactlyOnce?: boolean
}

const NAMES: OptionNames<FileSinkOptions> = { name: true, gzip: true, append: true, exactlyOnce: true }

/**
 * A file that takes bytes, under `ndjsonSink` or `csvSink`. It is opened with the first bytes, or when the sink closes.
 * After `flush` what was written is on the disk.
 *
 * @example
 * const sink = ndjsonSink(fileSink('windows.ndjson.gz'))
 * const once = ndjsonSink(fileSink('totals.ndjson', { exactlyOnce: true }))
 */
export function fileSink(path: string | URL, options: FileSinkOptions = {}): Sink<Uint8Array> {
  expectPath('fileSink', path)
  checkOptions('fileSink', options, NAMES)
  const name = options.name ?? nameOf(path)
  const { gzip = name.endsWith('.gz'), append = false, exactlyOnce = false } = options
  const encode = async (bytes: Uint8Array): Promise<Uint8Array> => (gzip ? compress(bytes) : bytes)
  if (exactlyOnce) return new CommittedFile(path, { name, append, encode }, promises)
  let opened: Promise<promises.FileHandle> | undefined
  let isDirty = false
  const file = (): Promise<promises.FileHandle> => (opened ??= promises.open(path, append ? 'a' : 'w'))
  return {
    name,
    async write(bytes) {
      isDirty = true
      await (await file()).appendFile(await encode(bytes))
    },
    async flush() {
      if (!isDirty) return
      isDirty = false
      await (await file()).datasync()
    },
    async close() {
      await (await file()).close()
    },
  }
}
