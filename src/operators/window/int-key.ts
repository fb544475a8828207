import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { checkpointMismatch } from '../../errors.ts'
import type { Arena } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import type { OwnKeys } from '../own-keys.ts'
import type { FinishTarget } from './finish.ts'
import { foundIds, type KeyIds, sameIds } from './key-ids.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import { KeyTable } from './key-table.ts'

/** Keys in [0, DIRECT_LIMIT) are their own ids until a batch brings another one. */
const DIRECT_LIMIT = 65_536

/**
 * A single i32 or u32 key that can't be null. While all keys are small and not negative they address state directly;
 * the first other key moves the live ones into a hash table, where they keep their ids.
 */
export class IntKey implements KeyIndex {
  readonly kernels = ['rangeI32', 'findOrInsertKeys4']
  readonly #kernels: KernelExports
  readonly #memory: LinearMemory
  readonly #arena: Arena
  readonly #column: number
  readonly #maxKeys: number
  readonly #liveIds: IdMarker
  readonly #ids: number
  readonly #idBytes: number
  readonly #own: OwnKeys | undefined
  #directLimit = 0
  #table: KeyTable | undefined

  constructor(
    kernels: KernelExports,
    arena: Arena,
    options: { column: number; maxBatch: number; maxKeys: number; liveIds: IdMarker; own: OwnKeys | undefined },
  ) {
    this.#kernels = kernels
    this.#arena = arena
    this.#memory = arena.memory
    this.#column = options.column
    this.#maxKeys = options.maxKeys
    this.#liveIds = options.liveIds
    this.#own = options.own
    this.#idBytes = Math.max(2, options.maxBatch) * 4
    this.#ids = arena.allocate(this.#idBytes)
  }

  get idLimit(): number {
    return this.#table ? this.#table.idLimit : this.#directLimit
  }

  assign(batch: RecordBatch): number {
    const { values } = batch.columns[this.#column]!
    const { selection, selectedCount } = batch
    if (!this.#table) {
      // All rows first, selected or not: they lie side by side, and mostly they fit.
      if (this.#areDirect(values, 0, batch.length) || this.#areDirect(values, selection, selectedCount)) return values
      this.#table = this.#newTable()
      this.#table.adopt(this.#directLimit)
    }
    const { address } = this.#table
    this.#table.assign(selectedCount, selection, this.#ids, from =>
      this.#kernels.findOrInsertKeys4(address, values, selection, from, selectedCount, this.#ids),
    )
    return this.#ids
  }

  #newTable(): KeyTable {
    return new KeyTable(this.#kernels, this.#arena, 1, { maxKeys: this.#maxKeys, liveIds: this.#liveIds })
  }

  #areDirect(values: number, selection: number, count: number): boolean {
    this.#kernels.rangeI32(values, selection, count, this.#ids)
    const least = this.#memory.i32[this.#ids >>> 2]!
    const greatest = this.#memory.i32[(this.#ids >>> 2) + 1]!
    if (least < 0 || greatest >= Math.min(DIRECT_LIMIT, this.#maxKeys)) return false
    if (greatest >= this.#directLimit) this.#directLimit = greatest + 1
    return true
  }

  writeKeys(ids: number, count: number, _which: number, { values }: FinishTarget): void {
    if (this.#table) this.#kernels.unpackKey4(this.#table.address, ids, count, 0, values)
    else this.#kernels.recordAddresses(0, ids, count, 1, values)
  }

  markCodes(): void {}

  snapshot(writer: StateWriter): void {
    writer.u32(this.#directLimit)
    writer.bool(this.#table !== undefined)
    this.#table?.snapshot(writer)
  }

  restore(reader: StateReader): KeyIds {
    const limit = reader.index(DIRECT_LIMIT)
    if (reader.part !== undefined) return this.#restorePart(reader, limit)
    if (limit > this.#maxKeys)
      throw checkpointMismatch(`the state has the key ${limit - 1} and maxKeys is ${this.#maxKeys}: raise maxKeys`, {
        value: limit,
      })
    this.#directLimit = limit
    if (reader.bool()) {
      this.#table = this.#newTable()
      this.#table.restore(reader, () => {})
    }
    return sameIds(this.idLimit)
  }

  /** Keys that were their own ids stay that, unless others of the part, or of one before, were in a table. */
  #restorePart(reader: StateReader, directLimit: number): KeyIds {
    const hasTable = reader.bool()
    if (hasTable && this.#table === undefined) {
      this.#table = this.#newTable()
      this.#table.adopt(this.#directLimit)
    }
    const table = hasTable ? this.#table!.readPart(reader) : undefined
    reader.part!.whenDone(() => this.#table?.takenOver())
    return foundIds(reader, table?.limit ?? directLimit, id => {
      const key = table === undefined ? id : (table.keys.get(id)?.[0] ?? reader.refuse(`the id ${id} is of no key`))
      if (this.#own?.has(() => [key]) === false) return -1
      if (this.#table !== undefined) return this.#takeOver(this.#table, key)
      if (key >= this.#maxKeys)
        throw checkpointMismatch(`the state has the key ${key} and maxKeys is ${this.#maxKeys}: raise maxKeys`, {
          value: key,
        })
      this.#directLimit = Math.max(this.#directLimit, key + 1)
      return key
    })
  }

  #takeOver(table: KeyTable, key: number): number {
    const at = this.#ids + 4
    this.#memory.u32[at >>> 2] = key
    return table.takeOver(this.#ids, from => this.#kernels.findOrInsertKeys4(table.address, at, 0, from, 1, this.#ids))
  }

  close(): void {
    this.#table?.close()
    this.#arena.release(this.#ids, this.#idBytes)
  }
}
