import { mix } from '../kernels/hash.ts'
import { hasValue, rowAt } from '../kernels/rows.ts'
import { OTHER, OWN, shardOf } from '../kernels/shard.ts'
import { ArenaScope } from '../memory/arena.ts'
import { CodeValues } from '../memory/code-values.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import { BYTE_WIDTH, type TypeName } from '../schema/data-type.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import { textHash } from './window/text-hash.ts'

/** Which rows of a stream a replica of its plan works on. */
export interface Shard {
  readonly index: number
  /** Shards there are. */
  readonly count: number
}

/** Finds the rows of batches whose key belongs to one shard. Equal keys do, texts by their characters. */
export interface RowsOfShard {
  /** Kernels that do it. */
  readonly kernels: readonly string[]
  /** Where `select` writes the positions of the rows. */
  readonly selection: number
  /** How many of the rows alive there are. O(rows). */
  select(batch: RecordBatch): number
  close(): void
}

/** The way for these keys: one text is told by a table of codes, everything else by a hash of what is packed. */
export function rowsOfShard(
  keys: readonly string[],
  shard: Shard,
  columns: readonly InputColumn[],
  context: EvaluationContext,
): RowsOfShard {
  const positions = keys.map(name => columns.findIndex(each => each.name === name))
  const { dictionary } = columns[positions[0]!]!
  if (keys.length === 1 && dictionary !== undefined) return new RowsOfCodes(positions[0]!, dictionary, shard, context)
  return new RowsOfHashes(positions, shard, columns, context)
}

/** What stands for a text in a packed key; for null, whose code is 0, 1. */
export const wordOfText = (text: string | null): number =>
  text === null ? 1 : Number(textHash(text) & 0xffff_ffffn) | 1

/** Rows whose key is one text: each code is asked for once, a row costs a look at its code's byte. */
class RowsOfCodes implements RowsOfShard {
  readonly kernels = ['selectOwnCodes']
  readonly selection: number
  readonly #column: number
  readonly #dictionary: Dictionary
  readonly #shard: Shard
  readonly #context: EvaluationContext
  readonly #scope: ArenaScope
  readonly #owners: CodeValues

  constructor(column: number, dictionary: Dictionary, shard: Shard, context: EvaluationContext) {
    this.#column = column
    this.#dictionary = dictionary
    this.#shard = shard
    this.#context = context
    this.#owners = new CodeValues(dictionary, context.arena, 1)
    this.#scope = new ArenaScope(context.arena)
    // The kernel counts behind the last.
    this.selection = this.#scope.allocate((context.maxBatch + 1) * 4)
  }

  select({ columns, selection, selectedCount }: RecordBatch): number {
    const { kernels, arena } = this.#context
    const { values, validity } = columns[this.#column]!
    const owners = this.#owners
    owners.grow()
    const { u8, u32 } = arena.memory
    const counted = (this.selection >>> 2) + selectedCount
    u32[counted] = 0
    for (let row = 0; ; ) {
      row = kernels.selectOwnCodes(
        values,
        validity,
        selection,
        row,
        selectedCount,
        owners.address,
        owners.length,
        this.selection,
      )
      if (row === selectedCount) return u32[counted]!
      const code = codeOf(arena.memory, values, validity, rowAt(u32, selection, row))
      u8[owners.address + code] = this.#isOwn(this.#dictionary.decode(code)) ? OWN : OTHER
    }
  }

  close(): void {
    this.#owners.close()
    this.#scope.release()
  }

  #isOwn(text: string | null): boolean {
    const { index, count } = this.#shard
    return shardOf(mix(wordOfText(text)), count) === index
  }
}

function codeOf({ u8, u32 }: LinearMemory, values: number, validity: number, row: number): number {
  return hasValue(u8, validity, row) ? u32[(values >>> 2) + row]! : 0
}

/** Rows with any keys. */
class RowsOfHashes implements RowsOfShard {
  readonly kernels: readonly string[]
  readonly selection: number
  readonly #shard: Shard
  readonly #context: EvaluationContext
  readonly #scope: ArenaScope
  readonly #keys: readonly { readonly column: number; readonly type: TypeName; readonly at: number }[]
  readonly #texts: ReadonlyMap<number, TextHashes>
  readonly #words: number
  readonly #packed: number
  readonly #codes: number

  constructor(positions: readonly number[], shard: Shard, columns: readonly InputColumn[], context: EvaluationContext) {
    this.#shard = shard
    this.#context = context
    this.#scope = new ArenaScope(context.arena)
    let words = 0
    const texts = new Map<number, TextHashes>()
    this.#keys = positions.map(column => {
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
    this.selection = this.#scope.allocate(context.maxBatch * 4)
    this.kernels = [...new Set(this.#keys.map(({ type }) => packerOf(type))), 'selectShard']
  }

  select({ columns, selection, selectedCount }: RecordBatch): number {
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
    return kernels.selectShard(this.#packed, this.#words, selection, selectedCount, count, index, this.selection)
  }

  close(): void {
    for (const hashes of this.#texts.values()) hashes.close()
    this.#scope.release()
  }
}

/** A word for each code of a dictionary, of the text it stands for; 0 where it hasn't been asked for. */
class TextHashes {
  readonly #dictionary: Dictionary
  readonly #context: EvaluationContext
  readonly #table: CodeValues

  constructor(dictionary: Dictionary, context: EvaluationContext) {
    this.#dictionary = dictionary
    this.#context = context
    this.#table = new CodeValues(dictionary, context.arena, 4)
  }

  /** Writes the words of the texts of the selected rows side by side. */
  write(codes: number, validity: number, selection: number, count: number, out: number): void {
    const { kernels, arena } = this.#context
    const table = this.#table
    table.grow()
    // Null is code 0 here, whatever stands in its place.
    kernels.packKey4(codes, validity, selection, count, out, 1, 0)
    const { u32 } = arena.memory
    u32[table.address >>> 2] = wordOfText(null)
    for (let done = 0; ; ) {
      done += kernels.translateCodes(out + done * 4, count - done, table.address, table.length)
      if (done === count) return
      const code = u32[(out >>> 2) + done]!
      u32[(table.address >>> 2) + code] = wordOfText(this.#dictionary.decode(code))
    }
  }

  close(): void {
    this.#table.close()
  }
}

function packerOf(type: TypeName): 'packKey1' | 'packKey4' | 'packKey8' | 'packKeyF32' | 'packKeyF64' {
  if (type === 'f64' || type === 'timestamp') return 'packKeyF64'
  if (type === 'f32') return 'packKeyF32'
  if (type === 'i64') return 'packKey8'
  return type === 'bool' ? 'packKey1' : 'packKey4'
}
