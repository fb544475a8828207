import type { StatePart } from '../../checkpoint/state-part.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import { BYTE_WIDTH, type DataType, type TypeName } from '../../schema/data-type.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { KeyWords, OwnKeys } from '../own-keys.ts'
import type { FinishTarget } from './finish.ts'
import { foundIds, type KeyIds, sameIds } from './key-ids.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import { KeyTable } from './key-table.ts'
import { checkCode } from './record-state.ts'

/** One column of a key and where its words stand in the packed key. */
interface KeyPart {
  readonly column: number
  readonly type: TypeName
  readonly dictionary: Dictionary | undefined
  readonly at: number
  /** Its bit in word 0, or -1 when it can't be null. */
  readonly nullBit: number
}

/** Keys of several columns, or of a type that has no shorter way: the columns' words side by side, hashed. */
export class PackedKey implements KeyIndex {
  readonly kernels: readonly string[]
  readonly #kernels: KernelExports
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #parts: readonly KeyPart[]
  readonly #words: number
  readonly #table: KeyTable
  readonly #packed: number
  readonly #ids: number
  readonly #dense: number
  readonly #own: OwnKeys | undefined

  constructor(
    kernels: KernelExports,
    arena: Arena,
    columns: readonly { column: number; type: DataType; dictionary: Dictionary | undefined }[],
    options: { maxBatch: number; maxKeys: number; liveIds: IdMarker; own: OwnKeys | undefined },
  ) {
    this.#kernels = kernels
    this.#scope = new ArenaScope(arena)
    this.#memory = arena.memory
    let words = columns.some(c => c.type.isNullable) ? 1 : 0
    let nullBit = 0
    this.#parts = columns.map(({ column, type, dictionary }) => {
      const part = { column, type: type.name, dictionary, at: words, nullBit: type.isNullable ? nullBit++ : -1 }
      words += BYTE_WIDTH[type.name] === 8 ? 2 : 1
      return part
    })
    this.#words = words
    this.#own = options.own
    this.#table = new KeyTable(kernels, arena, words, options)
    this.#packed = this.#scope.allocate(options.maxBatch * words * 4)
    this.#ids = this.#scope.allocate(options.maxBatch * 4)
    this.#dense = this.#scope.allocate(options.maxBatch * 4)
    this.kernels = [...new Set(this.#parts.map(part => packerOf(part.type))), 'findOrInsertKeys']
  }

  get idLimit(): number {
    return this.#table.idLimit
  }

  assign(batch: RecordBatch): number {
    const k = this.#kernels
    const { selection, selectedCount } = batch
    const words = this.#words
    if (this.#parts.some(part => part.nullBit >= 0)) k.clearKeyWord(selectedCount, this.#packed, words, 0)
    for (const { column, type, at, nullBit } of this.#parts) {
      const { values, validity } = batch.columns[column]!
      k[packerOf(type)](values, validity, selection, selectedCount, this.#packed, words, at)
      if (nullBit >= 0 && validity !== 0) {
        k.packKeyNull(validity, selection, selectedCount, this.#packed, words, 0, nullBit)
      }
    }
    const { address } = this.#table
    this.#table.assign(selectedCount, selection, this.#ids, from =>
      k.findOrInsertKeys(address, this.#packed, selection, from, selectedCount, this.#ids),
    )
    return this.#ids
  }

  writeKeys(ids: number, count: number, which: number, { values, validity }: FinishTarget): void {
    const k = this.#kernels
    const { type, at, nullBit } = this.#parts[which]!
    const { address } = this.#table
    if (BYTE_WIDTH[type] === 8) k.unpackKey8(address, ids, count, at, values)
    else if (BYTE_WIDTH[type] === 4) k.unpackKey4(address, ids, count, at, values)
    else k.unpackKey1(address, ids, count, at, values)
    if (validity !== 0 && nullBit >= 0) k.unpackKeyValid(address, ids, count, 0, nullBit, validity)
  }

  markCodes(dictionary: Dictionary, liveIds: IdMarker, mark: Parameters<CodeMarker>[0]): void {
    for (let which = 0; which < this.#parts.length; which++) {
      if (this.#parts[which]!.dictionary !== dictionary) continue
      const { at } = this.#parts[which]!
      const one = this.#dense >>> 2
      liveIds(id => {
        this.#memory.u32[one] = id
        this.#kernels.unpackKey4(this.#table.address, this.#dense, 1, at, this.#dense)
        mark(this.#memory.u32[one]!)
      })
    }
  }

  snapshot(writer: StateWriter): void {
    this.#table.snapshot(writer)
  }

  restore(reader: StateReader): KeyIds {
    if (reader.part !== undefined) return this.#restorePart(reader, reader.part)
    this.#table.restore(reader, key => {
      for (const { dictionary, at } of this.#parts)
        if (dictionary !== undefined) checkCode(reader, dictionary, this.#memory.u32[key + at]!)
    })
    return sameIds(this.idLimit)
  }

  #restorePart(reader: StateReader, part: StatePart): KeyIds {
    const { limit, keys } = this.#table.readPart(reader)
    part.whenDone(() => this.#table.takenOver())
    const { address } = this.#table
    return foundIds(reader, limit, id => {
      const key = keys.get(id) ?? reader.refuse(`the id ${id} is of no key`)
      const wordsOf = (which: number): KeyWords | null => {
        const { type, dictionary, at } = this.#parts[which]!
        if (dictionary !== undefined) return part.textOf(reader, dictionary, key[at]!)
        return BYTE_WIDTH[type] === 8 ? [key[at]!, key[at + 1]!] : [key[at]!]
      }
      if (this.#own?.has(wordsOf) === false) return -1
      for (const { dictionary, at } of this.#parts)
        if (dictionary !== undefined) key[at] = part.codeOf(reader, dictionary, key[at]!)
      this.#memory.u32.set(key, this.#packed >>> 2)
      return this.#table.takeOver(this.#ids, from =>
        this.#kernels.findOrInsertKeys(address, this.#packed, 0, from, 1, this.#ids),
      )
    })
  }

  close(): void {
    this.#table.close()
    this.#scope.release()
  }
}

function packerOf(type: TypeName): 'packKey1' | 'packKey4' | 'packKey8' | 'packKeyF32' | 'packKeyF64' {
  if (type === 'f64' || type === 'timestamp') return 'packKeyF64'
  if (type === 'f32') return 'packKeyF32'
  if (type === 'i64') return 'packKey8'
  return type === 'bool' ? 'packKey1' : 'packKey4'
}
