import { StateReader } from '../checkpoint/state-reader.ts'
import { ArenaScope } from '../memory/arena.ts'
import { BatchView } from '../memory/batch-view.ts'
import { bitmapBytes, ColumnBuffers } from '../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { BatchInputs } from '../operators/event-time/batch-inputs.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import type { FrameRing } from './frame-ring.ts'
import { HAS_PACK, padded, ROWS_HEADER_BYTES } from './frames.ts'
import { TextReceiver } from './text-receiver.ts'

/** Which inputs the rows of a frame came in by, as its sender knows. */
export class ReceivedInputs implements BatchInputs {
  readonly count: number
  readonly #ends: number[] = []
  readonly #inputs: number[] = []
  readonly #isQueued: boolean[] = []
  readonly #looks: (() => void)[] = []

  constructor(count: number) {
    this.count = count
  }

  get runCount(): number {
    return this.#ends.length
  }

  endOf(run: number): number {
    return this.#ends[run]!
  }

  inputOf(run: number): number {
    return this.#inputs[run]!
  }

  isQueued(input: number): boolean {
    return this.#isQueued[input] ?? false
  }

  /** What is told of the clock comes with the rows. */
  reachedMs(nowMs: number): number {
    return nowMs
  }

  /** Reads runs; where they end. */
  read(u32: Uint32Array, offset: number, runs: number): number {
    let at = offset >>> 2
    this.#ends.length = 0
    this.#inputs.length = 0
    for (let run = 0; run < runs; run++) {
      this.#ends.push(u32[at++]!)
      this.#inputs.push(u32[at++]!)
    }
    for (let input = 0; input < this.count; input++) this.#isQueued[input] = u32[at++] === 1
    for (const look of this.#looks) look()
    return padded(at * 4)
  }

  onBatch(look: () => void): void {
    this.#looks.push(look)
  }

  /** No rows of any input are left: what was read has been worked on. */
  pass(): void {
    this.#isQueued.fill(false)
  }
}

/**
 * Copies the rows of one stream out of frames into this thread's own memory; or shows them where they stand, where the ring is
 * a part of that.
 */
export class BatchReceiver {
  readonly #context: EvaluationContext
  readonly #scope: ArenaScope
  /** Where rows are copied to; undefined: they stay. */
  readonly #stage: ColumnBuffers | undefined
  readonly #view: BatchView
  readonly #inputs: ReceivedInputs | undefined
  readonly #recordBytes: number
  readonly #records: number
  readonly #mostRows: number
  /** Where the rows stand that are left when some are passed over. */
  #rest: number | undefined

  constructor(
    columns: readonly InputColumn[],
    context: EvaluationContext,
    options: {
      readonly rows: number
      readonly inputs?: ReceivedInputs | undefined
      /** Whether the ring is a part of this thread's memory. */
      readonly isWithin?: boolean
      /** Bytes of the record that comes along with each row. */
      readonly recordBytes?: number | undefined
    },
  ) {
    this.#context = context
    this.#inputs = options.inputs
    this.#recordBytes = options.recordBytes ?? 0
    this.#mostRows = options.rows
    this.#scope = new ArenaScope(context.arena)
    if (options.isWithin !== true) this.#stage = new ColumnBuffers(this.#scope, columns, options.rows)
    this.#records = this.#recordBytes === 0 ? 0 : this.#scope.allocate(options.rows * this.#recordBytes)
    this.#view = new BatchView(
      columns.map(({ type }) => type.name),
      columns.map(({ dictionary }) => dictionary),
    )
  }

  /** The rows of the frame `ring` has polled, whose payload stands at `offset`. Valid until it is released, and the next call. */
  read(ring: FrameRing, offset: number, from: StreamTexts): BatchView {
    const { u8, u32 } = ring
    const { arena } = this.#context
    const rows = ring.b
    const view = this.#view
    if ((u32[(offset >>> 2) + 2]! & HAS_PACK) !== 0) from.open()
    let at = offset + ROWS_HEADER_BYTES
    if (this.#inputs !== undefined) at = this.#inputs.read(u32, at, u32[(offset >>> 2) + 3]!)
    const stage = this.#stage
    view.show(stage, 0, rows)
    for (let i = 0; i < view.columns.length; i++) {
      const column = view.columns[i]!
      const hasNulls = u32[at >>> 2] === 1
      at += 8
      column.validity = hasNulls ? (stage?.validity[i] ?? at) : 0
      if (hasNulls) {
        if (stage !== undefined) arena.memory.u8.set(u8.subarray(at, at + bitmapBytes(rows)), column.validity)
        at += padded(bitmapBytes(rows))
      }
      const bytes = rows * BYTE_WIDTH[column.type]
      if (stage === undefined) column.values = at
      else arena.memory.u8.set(u8.subarray(at, at + bytes), column.values)
      at += padded(bytes)
      from.texts[i]?.translate(column.values, rows, hasNulls)
      column.objects = from.objects[i]
    }
    if (this.#recordBytes > 0) {
      arena.memory.u8.set(u8.subarray(at, at + rows * this.#recordBytes), this.#records)
      view.records = this.#records
    }
    return view
  }

  /** Leaves the first rows out of those read last. */
  passOver(rows: number): void {
    this.#rest ??= this.#scope.allocate(this.#mostRows * 4)
    const view = this.#view
    const { u32 } = this.#context.arena.memory
    for (let row = rows; row < view.length; row++) u32[(this.#rest >>> 2) + row - rows] = row
    view.selection = this.#rest
    view.selectedCount = view.length - rows
  }

  /** The rows read last have been worked on. */
  pass(): void {
    this.#view.length = 0
    this.#inputs?.pass()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    markCodesOf(this.#view, this.#context.arena.memory, dictionary, mark)
  }

  close(): void {
    this.#view.length = 0
    this.#scope.release()
  }
}

/** Marks the codes of a dictionary that the rows of a batch have. */
export function markCodesOf(
  { columns, length }: BatchView,
  { u32 }: LinearMemory,
  dictionary: Dictionary,
  mark: Parameters<CodeMarker>[0],
): void {
  for (const column of columns) {
    if (column.dictionary !== dictionary) continue
    for (let row = 0; row < length; row++) mark(u32[(column.values >>> 2) + row]!)
  }
}

/** What is known of the texts and objects of one stream of one sender. */
export class StreamTexts {
  /** By column. */
  readonly texts: readonly (TextReceiver | undefined)[]
  readonly objects: (unknown[] | undefined)[]
  readonly #isObject: readonly boolean[]
  readonly #pieces: Uint8Array[] = []

  constructor(columns: readonly InputColumn[], { arena, kernels }: EvaluationContext) {
    this.texts = columns.map(({ dictionary }) => dictionary && new TextReceiver(dictionary, arena, kernels))
    this.#isObject = columns.map(({ type }) => type.name === 'object')
    this.objects = columns.map(() => undefined)
  }

  /** Takes in a piece of what goes along with the next rows. */
  add({ u8, b: bytes }: FrameRing, offset: number): void {
    this.#pieces.push(u8.slice(offset, offset + bytes))
  }

  /** All pieces are there, of texts alone. */
  know(): void {
    const reader = new StateReader(joined(this.#pieces.splice(0)))
    for (const texts of this.texts) texts?.read(reader)
  }

  /** All pieces are there. */
  open(): void {
    const reader = new StateReader(joined(this.#pieces.splice(0)))
    for (const texts of this.texts) texts?.read(reader)
    for (let i = 0; i < this.#isObject.length; i++) {
      if (this.#isObject[i]) this.objects[i] = Array.from({ length: reader.count(1) }, () => reader.value())
    }
  }

  close(): void {
    for (const texts of this.texts) texts?.close()
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!
  const bytes = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}
