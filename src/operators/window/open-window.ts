import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { Arena } from '../../memory/arena.ts'
import type { KernelExports } from '../../wasm/exports.ts'
import { IdCells } from './id-cells.ts'
import type { KeyIds } from './key-ids.ts'
import { KeyedRecords } from './keyed-records.ts'
import type { RecordLayout } from './record-layout.ts'
import { ChangedKeys } from './triggers/changed-keys.ts'

/** A window that may give results before its end: a record per key, which keys changed, and what they gave last. */
export class OpenWindow {
  readonly index: number
  readonly records: KeyedRecords
  readonly changed: ChangedKeys
  /** What each key gave last, where that is to be taken back. */
  readonly given: KeyedRecords | undefined
  /** Rows of each key since it last gave a result, where that is counted. */
  readonly #counts: IdCells | undefined

  /** @param options.list Room for the ids of a batch, shared by all windows. */
  constructor(
    index: number,
    kernels: KernelExports,
    arena: Arena,
    options: { layout: RecordLayout; list: number; retracts: boolean; counts: boolean },
  ) {
    const { layout, list } = options
    this.index = index
    this.records = new KeyedRecords(arena, layout)
    this.changed = new ChangedKeys(kernels, arena, list)
    this.given = options.retracts ? new KeyedRecords(arena, layout) : undefined
    this.#counts = options.counts ? new IdCells(arena, 8) : undefined
  }

  /** Makes room for ids below `idLimit`, before rows are taken in. */
  reserve(idLimit: number): void {
    this.records.reserve(idLimit)
    this.given?.reserve(idLimit)
    this.changed.reserve(idLimit)
    this.#counts?.reserve(idLimit)
  }

  /** The keys that changed since they last gave a result. Until they change again, none has. */
  takeChanged(): readonly number[] {
    const counts = this.#counts
    if (counts === undefined) return this.changed.take()
    const ids: number[] = []
    this.records.eachId(id => {
      if (counts.get(id) > 0) ids.push(id)
    })
    return ids
  }

  /** Counts a row of a key; whether it is the last of `rows`. */
  isFull(id: number, rows: number): boolean {
    const count = this.#counts!.get(id) + 1
    this.#counts!.set(id, count)
    return count >= rows
  }

  /** A key has given what it holds. */
  remember(id: number): void {
    this.#counts?.set(id, 0)
    this.given?.copy(id, this.records.recordOf(id))
  }

  /** Calls `visit` with the address of every record. */
  eachRecord(visit: (record: number) => void): void {
    for (const records of [this.records, this.given]) records?.liveIds(id => visit(records.recordOf(id)))
  }

  /** Writes its records, and what goes with them. */
  snapshot(writer: StateWriter): void {
    this.records.snapshot(writer)
    this.given?.snapshot(writer)
    this.changed.snapshot(writer)
    this.#counts?.snapshot(writer)
  }

  /** Takes over what another window held of keys that have nothing here. */
  restore(reader: StateReader, keys: KeyIds): void {
    this.records.restore(reader, keys)
    this.given?.restore(reader, keys)
    this.changed.restore(reader, keys)
    this.#counts?.restore(reader, keys)
  }

  close(): void {
    this.records.close()
    this.given?.close()
    this.changed.close()
    this.#counts?.close()
  }
}
