import { ArenaScope } from '../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import { BYTE_WIDTH, type TypeName } from '../schema/data-type.ts'
import { Compaction } from './compaction.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import type { Operator } from './operator.ts'
import { ReusedBatch } from './reused-batch.ts'
import { textHash } from './window/text-hash.ts'

/** Which rows of a stream a replica of its plan works on. */
export interface Shard {
  readonly index: number
  /** Shards there are. */
  readonly count: number
}

/** Below this share of rows they are copied together; see FilterOperator. */
const COMPACT_BELOW = 1 / 4

/**
 * Lets through the rows whose key belongs to one shard. All replicas see all rows up to here, so that their watermarks
 * agree; behind it each sees the rows of its own keys only. A text goes by its characters, since codes change their meaning.
 */
export class PartitionOperator implements Operator {
  readonly name = 'partition'
  rowsIn = 0
  rowsOut = 0
  readonly #context: EvaluationContext
  readonly #next: Operator
  readonly #shard: Shard
  readonly #scope: ArenaScope
  readonly #keys: readonly { readonly column: number; readonly type: TypeName; readonly at: number }[]
  readonly #texts: ReadonlyMap<number, TextHashes>
  readonly #words: number
  readonly #packed: number
  readonly #codes: number
  readonly #selection: number
  readonly #compaction: Compaction
  readonly #output = new ReusedBatch()

  constructor(parts: {
    readonly keys: readonly string[]
    readonly shard: Shard
    readonly columns: readonly InputColumn[]
    readonly context: EvaluationContext
    readonly next: Operator
  }) {
    const { keys, columns, context } = parts
    this.#context = context
    this.#next = parts.next
    this.#shard = parts.shard
    this.#scope = new ArenaScope(context.arena)
    let words = 0
    const texts = new Map<number, TextHashes>()
    this.#keys = keys.map(name => {
      const column = columns.findIndex(each => each.name === name)
      const { type, dictionary } = columns[column]!
      if (dictionary !== undefined) texts.set(column, new TextHashes(dictionary, context))
      const key = { column, type: type.name, at: words }
      words += BYTE_WIDTH[type.name] === 8 ? 2 : 1
      return key
    })
    this.#texts = texts
    this.#words = words
    this.#packed = this.#scope.allocate(context.maxBatch * words * 4)
    this.#codes = this.#scope.allocate(context.maxBatch * 4)
    this.#selection = this.#scope.allocate(context.maxBatch * 4)
    this.#compaction = new Compaction(
      columns,
      columns.map((_, i) => i),
      context,
    )
  }

  notes(): readonly string[] {
    return [`kernels ${[...new Set(this.#keys.map(({ type }) => packerOf(type))), 'selectShard'].join(', ')}`]
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    const count = this.#select(batch)
    this.rowsOut += count
    const output = this.#output
    output.assign(batch)
    if (count < batch.selectedCount) {
      output.selection = this.#selection
      output.selectedCount = count
      if (count < batch.length * COMPACT_BELOW) this.#compaction.apply(output)
    }
    // An empty batch goes on too: its watermarks may make windows fire that hold rows of this shard.
    return this.#next.process(output)
  }

  advanceWatermark(watermark: number): boolean {
    return this.#next.advanceWatermark(watermark)
  }

  nextFiring(): number {
    return this.#next.nextFiring()
  }

  resume(): boolean {
    return this.#next.resume()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#next.markCodes(dictionary, mark)
  }

  close(): void {
    this.#next.close()
    for (const hashes of this.#texts.values()) hashes.close()
    this.#compaction.close()
    this.#scope.release()
  }

  #select({ columns, selection, selectedCount }: RecordBatch): number {
    const { kernels } = this.#context
    for (const { column, type, at } of this.#keys) {
      const { values, validity } = columns[column]!
      const hashes = this.#texts.get(column)
      if (hashes === undefined) {
        kernels[packerOf(type)](values, validity, selection, selectedCount, this.#packed, this.#words, at)
        continue
      }
      hashes.write(values, validity, selection, selectedCount, this.#codes)
      kernels.packKey4(this.#codes, 0, 0, selectedCount, this.#packed, this.#words, at)
    }
    const { index, count } = this.#shard
    return kernels.selectShard(this.#packed, this.#words, selection, selectedCount, count, index, this.#selection)
  }
}

/** What stands for null, whose code is 0. */
const HASH_OF_NULL = 1

/** A hash for each code of a dictionary, of the text it stands for; 0 where it hasn't been asked for. */
class TextHashes {
  readonly #dictionary: Dictionary
  readonly #context: EvaluationContext
  #table = 0
  #length = 0

  constructor(dictionary: Dictionary, context: EvaluationContext) {
    this.#dictionary = dictionary
    this.#context = context
    dictionary.onRecycle(codes => {
      const { u32 } = context.arena.memory
      for (const code of codes) if (code < this.#length) u32[(this.#table >>> 2) + code] = 0
    })
  }

  /** Writes the hashes of the texts of the selected rows side by side. */
  write(codes: number, validity: number, selection: number, count: number, out: number): void {
    const { kernels } = this.#context
    this.#grow(this.#dictionary.codeLimit)
    const { u32 } = this.#context.arena.memory
    // Null is code 0 here, whatever stands in its place.
    kernels.packKey4(codes, validity, selection, count, out, 1, 0)
    for (let done = 0; ; ) {
      done += kernels.translateCodes(out + done * 4, count - done, this.#table, this.#length)
      if (done === count) return
      const code = u32[(out >>> 2) + done]!
      u32[(this.#table >>> 2) + code] = Number(textHash(this.#dictionary.decode(code)!) & 0xffff_ffffn) | 1
    }
  }

  close(): void {
    if (this.#table !== 0) this.#context.arena.release(this.#table, this.#length * 4)
  }

  #grow(codes: number): void {
    if (codes <= this.#length) return
    const { arena } = this.#context
    const length = Math.max(1024, 2 ** Math.ceil(Math.log2(codes)))
    const table = arena.allocateZeroed(length * 4)
    const { u32 } = arena.memory
    if (this.#table === 0) u32[table >>> 2] = HASH_OF_NULL
    else {
      u32.copyWithin(table >>> 2, this.#table >>> 2, (this.#table >>> 2) + this.#length)
      arena.release(this.#table, this.#length * 4)
    }
    this.#table = table
    this.#length = length
  }
}

function packerOf(type: TypeName): 'packKey1' | 'packKey4' | 'packKey8' | 'packKeyF32' | 'packKeyF64' {
  if (type === 'f64' || type === 'timestamp') return 'packKeyF64'
  if (type === 'f32') return 'packKeyF32'
  if (type === 'i64') return 'packKey8'
  return type === 'bool' ? 'packKey1' : 'packKey4'
}
