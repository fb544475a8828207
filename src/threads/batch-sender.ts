import { StateWriter } from '../checkpoint/state-writer.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch, Vector } from '../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { BatchInputs } from '../operators/event-time/batch-inputs.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME, HAS_PACK, padded, ROWS_HEADER_BYTES, RUN_BYTES } from './frames.ts'
import { AllTexts, type TextSender, TextsOfRows } from './text-sender.ts'

/** Rows of a frame are kept to this share of the ring, so that the consumer works on some while others are written. */
const FRAMES_IN_RING = 8

/** Where the columns of a frame stand in the memory of its ring. */
interface FramePlace {
  readonly at: number
  readonly values: readonly number[]
  /** 0: the column can't be null. */
  readonly validity: readonly number[]
}

/**
 * Writes batches into a ring, as far as there is room. The rows alive go over side by side, column by column:
 *
 * ```
 *  0        8       12        16                    per column
 *  ┌────────┬───────┬─────────┬──────┬────────────┬────────────────┬────────┬────────┬─ …
 *  │ now    │ flags │ runs: r │ runs │ queued: r? │ validity: 0, 1 │ bitmap │ values │
 *  └────────┴───────┴─────────┴──────┴────────────┴────────────────┴────────┴────────┴─ …
 * ```
 *
 * Texts are codes of the sender's dictionary. Those that the other end doesn't know, and objects, go before the rows in
 * frames of their own, in as many pieces as it takes.
 */
export class BatchSender {
  readonly #ring: FrameRing
  readonly #stream: number
  readonly #memory: LinearMemory
  readonly #columns: readonly InputColumn[]
  readonly #texts: readonly (TextSender | undefined)[]
  readonly #hasPacks: boolean
  readonly #inputs: BatchInputs | undefined
  readonly #recordBytes: number
  readonly #rowBytes: number
  readonly #headBytes: number
  #batch: RecordBatch | undefined
  #at = 0
  #now = 0
  #pack: Uint8Array | undefined
  #packAt = 0
  #isPacked = false

  constructor(parts: {
    readonly ring: FrameRing
    /** The number the other end knows these rows by. */
    readonly stream: number
    readonly context: EvaluationContext
    readonly columns: readonly InputColumn[]
    /** Whether the rows sent have all the texts there are. */
    readonly sendsAllTexts: boolean
    /** How many send such rows, each to another end; default 1. */
    readonly senders?: number
    /** Which inputs the rows come in by, where there are several. */
    readonly inputs?: BatchInputs | undefined
    /** Where the rows sent have some texts only: how many of these the other end keeps at most. */
    readonly mostTexts?: number | undefined
    /** Bytes of the record that goes along with each row, behind all columns. */
    readonly recordBytes?: number | undefined
  }) {
    this.#ring = parts.ring
    this.#stream = parts.stream
    this.#memory = parts.context.arena.memory
    this.#columns = parts.columns
    this.#inputs = parts.inputs
    this.#recordBytes = parts.recordBytes ?? 0
    this.#texts = parts.columns.map(
      ({ dictionary }) =>
        dictionary &&
        (parts.sendsAllTexts
          ? new AllTexts(dictionary, parts.context, parts.senders ?? 1)
          : new TextsOfRows(dictionary, parts.context.arena.memory, parts.mostTexts)),
    )
    this.#hasPacks = parts.columns.some(({ type }) => type.name === 'utf8' || type.name === 'object')
    // A bit of validity, rounded up to a byte; and each row may be a run of its own.
    const besides = this.#recordBytes + (parts.inputs === undefined ? 0 : RUN_BYTES)
    this.#rowBytes = parts.columns.reduce((bytes, { type }) => bytes + BYTE_WIDTH[type.name] + 1, besides)
    this.#headBytes = ROWS_HEADER_BYTES + padded((parts.inputs?.count ?? 0) * 4)
  }

  /** Turns to a batch. It must stay as it is until `send` has returned true. */
  start(batch: RecordBatch, now: number): void {
    this.#batch = batch
    this.#at = 0
    this.#now = now
    this.#pack = this.#hasPacks && batch.selectedCount > 0 ? this.#packOf(batch) : undefined
    this.#packAt = 0
    this.#isPacked = this.#pack !== undefined
  }

  /** Writes on; false: the ring is full. */
  send(): boolean {
    if (this.#pack !== undefined && !this.#sendPack(this.#pack)) return false
    this.#pack = undefined
    const batch = this.#batch
    if (batch === undefined) return true
    while (this.#at < batch.selectedCount) if (!this.#sendRows(batch)) return false
    this.#batch = undefined
    return true
  }

  /** Whether so many rows go into one frame, and nothing has to be told along with them, whatever they are. */
  canPlace(rows: number): boolean {
    return this.isQuiet && ROWS_HEADER_BYTES + this.#columns.length * 24 + rows * this.#rowBytes <= this.frameBytes
  }

  /** Whether nothing has to be told along with any rows. */
  get isQuiet(): boolean {
    return this.#inputs === undefined && this.#texts.every(texts => texts === undefined || texts.isQuiet)
  }

  /** Where rows can be written that `canPlace` says yes to: `sendPlaced` sends them, before anything else. undefined: there is no room. */
  place(rows: number): FramePlace | undefined {
    let bytes = ROWS_HEADER_BYTES
    const values: number[] = []
    const validity: number[] = []
    for (const { type } of this.#columns) {
      bytes += 8
      validity.push(type.isNullable ? bytes : 0)
      if (type.isNullable) bytes += padded((rows + 7) >>> 3)
      values.push(bytes)
      bytes += padded(rows * BYTE_WIDTH[type.name])
    }
    const at = this.#ring.claim(bytes)
    if (at < 0) return undefined
    return { at, values: values.map(value => at + value), validity: validity.map(bits => (bits === 0 ? 0 : at + bits)) }
  }

  /** Sends rows that were written where they have their place. */
  sendPlaced({ at, values, validity }: FramePlace, rows: number): void {
    const { u32, f64 } = this.#ring
    f64[at >>> 3] = 0
    u32[(at >>> 2) + 2] = 0
    u32[(at >>> 2) + 3] = 0
    for (let i = 0; i < values.length; i++) {
      const bits = validity[i]!
      u32[((bits === 0 ? values[i]! : bits) - 8) >>> 2] = bits === 0 ? 0 : 1
    }
    this.#ring.publish(FRAME.rows, this.#stream, rows)
  }

  /** Bytes a frame of the batch at hand takes at most: what to wait for when the ring is full. */
  get frameBytes(): number {
    return Math.floor(this.#ring.mostBytes / (FRAMES_IN_RING / 2))
  }

  /** Rows a frame takes at most: a multiple of eight. */
  get frameRows(): number {
    const bytes = this.frameBytes - this.#headBytes - this.#columns.length * 24
    return Math.max(8, (Math.floor(bytes / this.#rowBytes) >>> 3) << 3)
  }

  /** All texts the other end knows, as a pack; undefined: there are none to know. Between two batches. */
  knownTexts(): Uint8Array | undefined {
    if (this.#texts.every(texts => texts === undefined)) return undefined
    const writer = new StateWriter()
    for (const texts of this.#texts) texts?.writeKnown(writer)
    return writer.finish()
  }

  close(): void {
    for (const texts of this.#texts) texts?.close()
  }

  #sendPack(pack: Uint8Array): boolean {
    while (this.#packAt < pack.length) {
      const bytes = Math.min(pack.length - this.#packAt, this.frameBytes - 8)
      const offset = this.#ring.claim(bytes)
      if (offset < 0) return false
      this.#ring.u8.set(pack.subarray(this.#packAt, this.#packAt + bytes), offset)
      this.#ring.publish(FRAME.pack, this.#stream, bytes)
      this.#packAt += bytes
    }
    return true
  }

  #sendRows(batch: RecordBatch): boolean {
    const inputs = this.#inputs
    const rows = Math.min(batch.selectedCount - this.#at, this.frameRows)
    const [firstRun, runsEnd] = inputs === undefined ? [0, 0] : runsOf(inputs, this.#at, this.#at + rows)
    let bytes = this.#headBytes + (runsEnd - firstRun) * RUN_BYTES
    for (const { type, validity } of batch.columns)
      bytes += 8 + (validity === 0 ? 0 : padded((rows + 7) >>> 3)) + padded(rows * BYTE_WIDTH[type])
    const { u8, u32, f64 } = this.#ring
    let at = this.#ring.claim(bytes + rows * this.#recordBytes)
    if (at < 0) return false
    f64[at >>> 3] = this.#now
    u32[(at >>> 2) + 2] = this.#isPacked ? HAS_PACK : 0
    u32[(at >>> 2) + 3] = runsEnd - firstRun
    at += ROWS_HEADER_BYTES
    if (inputs !== undefined) at = this.#writeRuns(inputs, firstRun, runsEnd, at, rows)
    for (const vector of batch.columns) at = this.#writeColumn(batch, vector, at, rows)
    if (this.#recordBytes > 0) {
      const from = batch.records! + this.#at * this.#recordBytes
      u8.set(this.#memory.u8.subarray(from, from + rows * this.#recordBytes), at)
    }
    this.#ring.publish(FRAME.rows, this.#stream, rows)
    this.#isPacked = false
    this.#at += rows
    return true
  }

  #writeRuns(inputs: BatchInputs, first: number, end: number, offset: number, rows: number): number {
    const { u32 } = this.#ring
    let at = offset >>> 2
    for (let run = first; run < end; run++) {
      u32[at++] = Math.min(inputs.endOf(run) - this.#at, rows)
      u32[at++] = inputs.inputOf(run)
    }
    for (let input = 0; input < inputs.count; input++) u32[at++] = inputs.isQueued(input) ? 1 : 0
    return padded(at * 4)
  }

  #writeColumn(batch: RecordBatch, { type, values, validity }: Vector, offset: number, rows: number): number {
    const { u8, u32 } = this.#ring
    const { selection } = batch
    u32[offset >>> 2] = validity === 0 ? 0 : 1
    let at = offset + 8
    if (validity !== 0) {
      this.#writeBits(validity, selection, at, rows)
      at += padded((rows + 7) >>> 3)
    }
    const width = BYTE_WIDTH[type]
    if (type === 'object') for (let row = 0; row < rows; row++) u32[(at >>> 2) + row] = this.#at + row
    else if (selection === 0) {
      const from = values + this.#at * width
      u8.set(this.#memory.u8.subarray(from, from + rows * width), at)
    } else this.#gather(values, width, (selection >>> 2) + this.#at, at, rows)
    return at + padded(rows * width)
  }

  /** Eight bytes go as two words: any bit pattern arrives as it was. */
  #gather(values: number, width: 1 | 4 | 8, selection: number, at: number, rows: number): void {
    const from = this.#memory
    const to = this.#ring
    for (let j = 0; j < rows; j++) {
      const row = from.u32[selection + j]!
      if (width === 8) {
        to.u32[(at >>> 2) + j * 2] = from.u32[(values >>> 2) + row * 2]!
        to.u32[(at >>> 2) + j * 2 + 1] = from.u32[(values >>> 2) + row * 2 + 1]!
      } else if (width === 4) to.u32[(at >>> 2) + j] = from.u32[(values >>> 2) + row]!
      else to.u8[at + j] = from.u8[values + row]!
    }
  }

  #writeBits(validity: number, selection: number, at: number, rows: number): void {
    const { u8, u32 } = this.#memory
    const first = this.#at
    if (selection === 0) {
      // Frames of one batch begin at multiples of eight rows.
      this.#ring.u8.set(u8.subarray(validity + (first >>> 3), validity + ((first + rows + 7) >>> 3)), at)
      return
    }
    for (let j = 0; j < rows; j += 8) {
      let byte = 0
      for (let bit = 0; bit < 8 && j + bit < rows; bit++) {
        const row = u32[(selection >>> 2) + first + j + bit]!
        byte |= ((u8[validity + (row >>> 3)]! >>> (row & 7)) & 1) << bit
      }
      this.#ring.u8[at + (j >>> 3)] = byte
    }
  }

  /** What the other end must know to understand the rows alive; undefined: it does. */
  #packOf(batch: RecordBatch): Uint8Array | undefined {
    let isNeeded = false
    for (let i = 0; i < this.#columns.length; i++) {
      const { type, values } = batch.columns[i]!
      const isNews = this.#texts[i]?.note(batch, values) === true
      isNeeded ||= isNews || type === 'object'
    }
    if (!isNeeded) return undefined
    const writer = new StateWriter()
    for (const texts of this.#texts) texts?.write(writer)
    for (const vector of batch.columns) if (vector.type === 'object') this.#writeObjects(writer, batch, vector)
    return writer.finish()
  }

  #writeObjects(writer: StateWriter, batch: RecordBatch, { values, validity, objects }: Vector): void {
    const { u8, u32 } = this.#memory
    const { selection, selectedCount } = batch
    writer.u32(selectedCount)
    for (let j = 0; j < selectedCount; j++) {
      const row = selection === 0 ? j : u32[(selection >>> 2) + j]!
      const isThere = validity === 0 || ((u8[validity + (row >>> 3)]! >>> (row & 7)) & 1) === 1
      writer.value(isThere ? objects![u32[(values >>> 2) + row]!] : null)
    }
  }
}

/** The first run with rows from the `from`th to before the `to`th, and the one behind the last. */
function runsOf(inputs: BatchInputs, from: number, to: number): readonly [first: number, end: number] {
  let first = 0
  while (inputs.endOf(first) <= from) first++
  let end = first + 1
  while (inputs.endOf(end - 1) < to) end++
  return [first, end]
}
