import { hasValue } from '../kernels/rows.ts'
import { ArenaScope } from '../memory/arena.ts'
import { BatchView } from '../memory/batch-view.ts'
import { bitmapBytes, ColumnBuffers } from '../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import { BatchReceiver, type StreamTexts } from './batch-receiver.ts'
import type { FrameRing } from './frame-ring.ts'

/** Rows of one worker that wait for those of others, in their order. */
interface Head {
  readonly receiver: BatchReceiver
  batch: BatchView | undefined
  at: number
  /** Where the columns stand that rows are compared by. */
  keys: number[]
  /** Nothing that ends there or before comes any more from it, but what waits. */
  watermark: number
}

/**
 * Puts the rows of several workers, each in order, into one order: row by row, by columns of numbers of which the first is
 * the end of a window. Rows go on when no other worker may still give one that comes before, copied together.
 */
export class OrderedMerge {
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #heads: readonly Head[]
  readonly #by: readonly number[]
  readonly #to: Operator
  readonly #taken: (worker: number, rows: number) => void
  readonly #maxRows: number
  readonly #buffers: ColumnBuffers
  readonly #output: BatchView
  #filled = 0
  /** Rows that go on next: whose they are, and where they stand there. */
  readonly #workers: Uint8Array
  readonly #rows: Uint32Array
  #picked = 0
  /** Where the columns of the workers stand. */
  readonly #sources: number[]

  constructor(parts: {
    readonly workers: number
    readonly columns: readonly InputColumn[]
    /** Which of the columns rows are compared by. */
    readonly by: readonly number[]
    /** The columns that go on: the first ones. */
    readonly visible: readonly InputColumn[]
    readonly to: Operator
    readonly context: EvaluationContext
    /** Told how many rows of a worker have been copied. */
    readonly taken: (worker: number, rows: number) => void
  }) {
    const { workers, columns, visible, context } = parts
    this.#memory = context.arena.memory
    this.#scope = new ArenaScope(context.arena)
    this.#by = parts.by
    this.#to = parts.to
    this.#taken = parts.taken
    this.#maxRows = context.maxBatch
    this.#heads = Array.from({ length: workers }, () => ({
      receiver: new BatchReceiver(columns, context, { rows: context.maxBatch }),
      batch: undefined,
      at: 0,
      keys: [],
      watermark: Number.NEGATIVE_INFINITY,
    }))
    this.#workers = new Uint8Array(context.maxBatch)
    this.#rows = new Uint32Array(context.maxBatch)
    this.#sources = this.#heads.map(() => 0)
    this.#buffers = new ColumnBuffers(this.#scope, visible, context.maxBatch)
    this.#output = new BatchView(
      this.#buffers.types,
      visible.map(({ dictionary }) => dictionary),
    )
    this.#output.show(this.#buffers, 0, 0)
  }

  /** Whether rows of a worker wait: until they don't, no more of its frames are read. */
  waits(worker: number): boolean {
    return this.#heads[worker]!.batch !== undefined
  }

  /** Takes the frame of a worker that `ring` has polled. @param known How many of its rows are passed over. */
  take(worker: number, frame: { ring: FrameRing; offset: number; texts: StreamTexts }, known: number): void {
    const head = this.#heads[worker]!
    const batch = head.receiver.read(frame.ring, frame.offset, frame.texts)
    head.batch = known < batch.length ? batch : undefined
    head.at = known
    head.keys = this.#by.map(column => batch.columns[column]!.values >>> 3)
  }

  /** A worker says how far it is. */
  follow(worker: number, watermark: number): void {
    const head = this.#heads[worker]!
    head.watermark = Math.max(head.watermark, watermark)
  }

  /** Lets everything go on that can. False: downstream is full. */
  merge(): boolean {
    const { f64 } = this.#memory
    for (let known = this.#known(); ; ) {
      const first = this.#first(-1)
      if (first < 0) return true
      const second = this.#first(first)
      const head = this.#heads[first]!
      const other = this.#heads[second]
      const room = this.#maxRows - this.#filled - this.#picked
      const to = Math.min(head.batch!.length, head.at + room)
      const from = head.at
      const ends = head.keys[0]!
      while (head.at < to && f64[ends + head.at]! <= known && (other === undefined || precedes(f64, head, other))) {
        this.#workers[this.#picked] = first
        this.#rows[this.#picked++] = head.at++
      }
      if (head.at === from) return true
      this.#taken(first, head.at - from)
      if (head.at === head.batch!.length) {
        this.#copyPicked()
        head.batch = undefined
        known = this.#known()
      }
      if (this.#filled + this.#picked === this.#maxRows && !this.flush()) return false
    }
  }

  /** Sends what has been copied together. False: downstream is full, and asked to go on before anything else is done here. */
  flush(): boolean {
    this.#copyPicked()
    const rows = this.#filled
    if (rows === 0) return true
    this.#filled = 0
    const output = this.#output
    output.show(this.#buffers, 0, rows)
    output.columns.forEach((column, i) => {
      column.validity = this.#buffers.validity[i]!
    })
    return this.#to.process(output)
  }

  /** The workers begin once more: what waits comes again. */
  restart(): void {
    this.#copyPicked()
    for (const head of this.#heads) head.batch = undefined
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    for (const { receiver } of this.#heads) receiver.markCodes(dictionary, mark)
    const { u32 } = this.#memory
    for (const { dictionary: of, values } of this.#output.columns) {
      if (of !== dictionary) continue
      const rows = Math.max(this.#filled, this.#output.length)
      for (let row = 0; row < rows; row++) mark(u32[(values >>> 2) + row]!)
    }
  }

  close(): void {
    for (const { receiver } of this.#heads) receiver.close()
    this.#scope.release()
  }

  /** The worker whose waiting rows begin with the first of all, `but` one; -1: none waits. */
  #first(but: number): number {
    const { f64 } = this.#memory
    const heads = this.#heads
    let first = -1
    for (let worker = 0; worker < heads.length; worker++) {
      if (worker === but || heads[worker]!.batch === undefined) continue
      if (first < 0 || precedes(f64, heads[worker]!, heads[first]!)) first = worker
    }
    return first
  }

  /** The greatest end of which workers without rows give no more. */
  #known(): number {
    let known = Number.POSITIVE_INFINITY
    for (const { batch, watermark } of this.#heads) if (batch === undefined) known = Math.min(known, watermark + 1)
    return known
  }

  /** Rows are copied column by column, when there are many or the last of a worker are among them. */
  #copyPicked(): void {
    const count = this.#picked
    if (count === 0) return
    for (let i = 0; i < this.#output.columns.length; i++) this.#copyColumn(i, count)
    this.#filled += count
    this.#picked = 0
  }

  #copyColumn(i: number, count: number): void {
    const { u8, u32 } = this.#memory
    const { type } = this.#output.columns[i]!
    const validity = this.#buffers.validity[i]!
    const to = this.#buffers.values[i]!
    const width = BYTE_WIDTH[type]
    if (validity !== 0 && this.#filled === 0) u8.fill(0, validity, validity + bitmapBytes(this.#maxRows))
    this.#heads.forEach(({ batch }, worker) => {
      this.#sources[worker] = batch === undefined ? 0 : batch.columns[i]!.values
    })
    const sources = this.#sources
    const workers = this.#workers
    const rows = this.#rows
    const first = this.#filled
    if (type === 'object') this.#copyObjects(i, count)
    // Eight bytes go as two words: any bit pattern arrives as it was.
    else if (width === 8)
      for (let j = 0; j < count; j++) {
        const from = (sources[workers[j]!]! >>> 2) + rows[j]! * 2
        u32[(to >>> 2) + (first + j) * 2] = u32[from]!
        u32[(to >>> 2) + (first + j) * 2 + 1] = u32[from + 1]!
      }
    else if (width === 4)
      for (let j = 0; j < count; j++) u32[(to >>> 2) + first + j] = u32[(sources[workers[j]!]! >>> 2) + rows[j]!]!
    else for (let j = 0; j < count; j++) u8[to + first + j] = u8[sources[workers[j]!]! + rows[j]!]!
    if (validity !== 0) this.#copyBits(i, validity, count)
  }

  #copyBits(i: number, to: number, count: number): void {
    const { u8 } = this.#memory
    for (let j = 0; j < count; j++) {
      const from = this.#heads[this.#workers[j]!]!.batch!.columns[i]!.validity
      const row = this.#filled + j
      if (from === 0 || hasValue(u8, from, this.#rows[j]!)) u8[to + (row >>> 3)]! |= 1 << (row & 7)
    }
  }

  #copyObjects(i: number, count: number): void {
    const { u32 } = this.#memory
    const column = this.#output.columns[i]!
    // What is on its way downstream may still be looked at.
    if (this.#filled === 0) column.objects = []
    for (let j = 0; j < count; j++) {
      const { values, objects } = this.#heads[this.#workers[j]!]!.batch!.columns[i]!
      const row = this.#filled + j
      column.objects![row] = objects![u32[(values >>> 2) + this.#rows[j]!]!]
      u32[(this.#buffers.values[i]! >>> 2) + row] = row
    }
  }
}

/** Whether the first row of one worker comes before that of another: no two are equal. */
function precedes(f64: Float64Array, a: Head, b: Head): boolean {
  for (let key = 0; key < a.keys.length; key++) {
    const order = f64[a.keys[key]! + a.at]! - f64[b.keys[key]! + b.at]!
    if (order !== 0) return order < 0
  }
  return true
}
