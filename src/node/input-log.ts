import { writeSync } from 'node:fs'
import * as promises from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { crc32c } from '../checkpoint/crc-32c.ts'
import { checkpointInvalid, checkpointMismatch } from '../errors.ts'

/** No text, and broken by whatever "repairs" line ends. */
const MAGIC = Uint8Array.of(0x89, 0x45, 0x46, 0x4c, 0x4f, 0x47, 0x0d, 0x0a)
const VERSION = 1
/** Magic, u32 version, f64 number of the first row, u32 checksum of these. */
const HEADER_BYTES = 24
/**
 * u32 bytes of the payload, u32 rows in it, u32 checksum of it, u32 checksum of these three behind those of all frames
 * before: a frame that is missing breaks the one behind it.
 */
const FRAME_BYTES = 16
const NAME = /^rows-(\d{16})\.eflog$/

/** What the log asks of a file system. */
export type LogFiles = Pick<typeof promises, 'mkdir' | 'open' | 'readFile' | 'readdir' | 'unlink'> & {
  /** Writes bytes from an offset on; returns how many, at least one. */
  writeSync(file: number, bytes: Uint8Array, offset: number): number
}

const SYSTEM: LogFiles = { ...promises, writeSync }

/** Rows that were accepted together. */
interface LogFrame {
  /** The number of the first, counted since the log began. */
  readonly first: number
  readonly rows: number
  readonly payload: Uint8Array
  /** The file it is of, for errors. */
  readonly path: string
}

/**
 * What came in, in files of frames. Each file is named after the number of its first row. The last may end in the middle of
 * a frame, because a process died or the power went: that frame was handed to nobody, and is cut off. Anything else that is
 * not as it was written is an error.
 */
export class InputLog {
  readonly directory: string
  readonly #segmentBytes: number
  readonly #isDurable: boolean
  readonly #files: LogFiles
  #segment: promises.FileHandle | undefined
  /** The last file that was begun. */
  #beginning: Promise<void> = Promise.resolve()
  #isSynced = true
  /** What writing failed on: there may be half a frame, or one that nobody was given, and nothing may follow it. */
  #failure: { readonly cause: unknown } | undefined
  /** Bytes in the file at hand. */
  #bytes = 0
  /** The checksum of its header and the heads of its frames. */
  #chain = 0
  /** The number of the row that comes next. */
  #end = 0

  /** @param options.isDurable Whether a file's name is made durable before there are rows in it. */
  constructor(
    directory: string,
    options: { readonly segmentBytes: number; readonly isDurable: boolean },
    files: LogFiles = SYSTEM,
  ) {
    this.directory = resolve(directory)
    this.#segmentBytes = options.segmentBytes
    this.#isDurable = options.isDurable
    this.#files = files
  }

  /** The number of the row that comes next, once all frames were read. */
  get end(): number {
    return this.#end
  }

  /**
   * The frames that hold rows from the number `from` on. They are to be read to the end before anything is appended.
   *
   * @throws EventfluxError `CHECKPOINT_INVALID` for damage, `CHECKPOINT_MISMATCH` when rows from there on are gone.
   */
  async *frames(from: number): AsyncGenerator<LogFrame, void, void> {
    await this.#files.mkdir(this.directory, { recursive: true })
    const starts = await this.#starts()
    if (starts.length > 0 && starts[0]! > from)
      throw checkpointMismatch(
        `the log in ${this.directory} begins at row ${starts[0]}, and row ${from} is wanted: restore a checkpoint that still is kept, or begin with an empty directory`,
        { at: this.directory, value: from },
      )
    const needed = starts.filter((_, i) => !(starts[i + 1]! <= from))
    let end = needed[0] ?? 0
    for (const start of needed) {
      const path = this.#pathOf(start)
      if (start !== end)
        throw checkpointInvalid(`${path} begins at row ${start}, and the file before it ends at row ${end}`, {
          at: path,
        })
      const bytes = await this.#files.readFile(path)
      const frames = framesOf(bytes, start, path, start === starts.at(-1))
      let frame = frames.next()
      for (; !frame.done; frame = frames.next()) {
        end = frame.value.first + frame.value.rows
        if (end > from) yield frame.value
      }
      // A file without rows has the name that the next one gets.
      if (end === start) await this.#files.unlink(path)
      else if (start === starts.at(-1)) await this.#settle(path, frame.value)
    }
    this.#end = end
  }

  /** Rows come from that number on, whatever the log has: those between are lost. */
  passTo(row: number): void {
    this.#end = row
  }

  /** Writes a frame: it outlives the process from then on. A promise when a file had to be begun for it. */
  append(rows: number, payload: Uint8Array): void | Promise<void> {
    this.check()
    if (this.#segment !== undefined && this.#bytes < this.#segmentBytes) return this.#write(rows, payload)
    this.#beginning = this.#noted(this.#begin())
    return this.#beginning.then(() => this.#write(rows, payload))
  }

  /** Makes what was written outlive the machine. */
  async sync(): Promise<void> {
    if (this.#isSynced) return
    this.#isSynced = true
    await this.#noted(this.#segment?.datasync())
  }

  /** @throws What writing has failed on. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.cause
  }

  /** A source may end while a file is begun for what it gave last. */
  async close(): Promise<void> {
    await this.#beginning.catch(() => {})
    await this.#closeSegment()
  }

  /** Removes the files that hold only rows in front of a number; the last one stays, to go on from. */
  async forget(before: number): Promise<void> {
    const starts = await this.#starts()
    for (let i = 0; i + 1 < starts.length && starts[i + 1]! <= before; i++)
      await this.#files.unlink(this.#pathOf(starts[i]!))
  }

  /** Leaves the whole frames of the last file, on the disk: what is read there is handed on. */
  async #settle(path: string, bytes: number): Promise<void> {
    const file = await this.#files.open(path, 'r+')
    try {
      await file.truncate(bytes)
      if (this.#isDurable) await file.datasync()
    } finally {
      await file.close()
    }
  }

  #write(rows: number, payload: Uint8Array): void {
    const frame = new Uint8Array(FRAME_BYTES + payload.length)
    const view = new DataView(frame.buffer)
    view.setUint32(0, payload.length, true)
    view.setUint32(4, rows, true)
    view.setUint32(8, crc32c(payload), true)
    this.#chain = crc32c(frame.subarray(0, 12), this.#chain)
    view.setUint32(12, this.#chain, true)
    frame.set(payload, FRAME_BYTES)
    this.#put(frame)
    this.#end += rows
  }

  /** In the same turn, so that a row is handed on in the turn it came in. */
  #put(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += this.#files.writeSync(this.#segment!.fd, bytes, at)
    } catch (cause) {
      this.#failure = { cause }
      throw cause
    }
    this.#bytes += bytes.length
    this.#isSynced = false
  }

  async #noted(writing: Promise<void> | undefined): Promise<void> {
    try {
      await writing
    } catch (cause) {
      this.#failure ??= { cause }
      throw cause
    }
  }

  async #closeSegment(): Promise<void> {
    const segment = this.#segment
    this.#segment = undefined
    if (segment === undefined) return
    try {
      if (this.#isDurable) await segment.datasync()
    } finally {
      await segment.close()
    }
  }

  async #begin(): Promise<void> {
    await this.#closeSegment()
    this.#segment = await this.#files.open(this.#pathOf(this.#end), 'wx')
    this.#bytes = 0
    const header = new Uint8Array(HEADER_BYTES)
    const view = new DataView(header.buffer)
    header.set(MAGIC)
    view.setUint32(8, VERSION, true)
    view.setFloat64(12, this.#end, true)
    this.#chain = crc32c(header.subarray(0, 20))
    view.setUint32(20, this.#chain, true)
    this.#put(header)
    if (this.#isDurable) await this.#syncDirectory()
  }

  /** Windows can't open a directory, and makes names durable by itself. */
  async #syncDirectory(): Promise<void> {
    if (process.platform === 'win32') return
    const directory = await this.#files.open(this.directory)
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  }

  /** The numbers of the first rows of all files, the lowest first. */
  async #starts(): Promise<number[]> {
    const names = await this.#files.readdir(this.directory)
    const starts = names.flatMap(name => {
      const start = Number(NAME.exec(name)?.[1])
      return Number.isSafeInteger(start) ? [start] : []
    })
    return starts.sort((a, b) => a - b)
  }

  #pathOf(start: number): string {
    return join(this.directory, `rows-${String(start).padStart(16, '0')}.eflog`)
  }
}

/** The frames of a file; returns where the last whole one ends. Only the last file may go on behind that. */
function* framesOf(bytes: Uint8Array, start: number, path: string, isLast: boolean): Generator<LogFrame, number, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const damaged = (at: number, what: string): Error =>
    checkpointInvalid(`${path}, at byte ${at}: ${what}`, { at: path, value: at })
  /** Whether what was written at `at` never came to `length` bytes: the file ends, or has room that nothing was put in. */
  const isTorn = (at: number, length: number): boolean => {
    if (bytes.length - at >= length && bytes.subarray(at).some(byte => byte !== 0)) return false
    if (isLast) return true
    throw damaged(at, 'the file is cut short')
  }
  let chain = 0
  /** Whether the checksum at `at` is that of the bytes from `from` up to there, behind those that were checked before. */
  const isChecked = (from: number, at: number): boolean => {
    chain = crc32c(bytes.subarray(from, at), chain)
    return view.getUint32(at, true) === chain
  }

  if (isTorn(0, HEADER_BYTES)) return 0
  if (MAGIC.some((byte, i) => bytes[i] !== byte) || !isChecked(0, 20)) throw damaged(0, 'the header is damaged')
  if (view.getUint32(8, true) !== VERSION) throw damaged(8, `version ${view.getUint32(8, true)} is not ${VERSION}`)
  if (view.getFloat64(12, true) !== start) throw damaged(12, `the file is of row ${view.getFloat64(12, true)}`)
  let first = start
  let at = HEADER_BYTES
  while (at < bytes.length && !isTorn(at, FRAME_BYTES)) {
    if (!isChecked(at, at + 12)) throw damaged(at, 'the head of a frame is damaged, or one before it is missing')
    const length = view.getUint32(at, true)
    const rows = view.getUint32(at + 4, true)
    const payload = at + FRAME_BYTES
    if (bytes.length - payload < length && isTorn(payload, length)) return at
    const frame = { first, rows, payload: bytes.subarray(payload, payload + length), path }
    if (crc32c(frame.payload) !== view.getUint32(at + 8, true)) throw damaged(payload, 'a frame is damaged')
    yield frame
    first += rows
    at = payload + length
  }
  return at
}
