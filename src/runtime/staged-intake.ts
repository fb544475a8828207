import { type Arena, ArenaScope } from '../memory/arena.ts'
import { BatchView } from '../memory/batch-view.ts'
import { bitmapBytes, ColumnBuffers } from '../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { RowRing } from '../memory/row-ring.ts'
import { BYTE_WIDTH } from '../schema/data-type.ts'
import type { Intake } from './task.ts'

/**
 * Moves rows out of the ring before they are worked on. For edges that drop their oldest rows: rows being worked on in
 * place could not be dropped, so a slow sink would make the edge refuse arrivals instead.
 */
export class StagedIntake implements Intake {
  readonly #ring: RowRing
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #stage: ColumnBuffers
  readonly #batch: BatchView

  constructor(ring: RowRing, arena: Arena, maxBatch: number) {
    this.#ring = ring
    this.#memory = arena.memory
    this.#scope = new ArenaScope(arena)
    this.#stage = new ColumnBuffers(this.#scope, ring.fields, maxBatch)
    this.#batch = new BatchView(this.#stage.types, ring.dictionaries)
  }

  poll(max: number): RecordBatch {
    const { u8 } = this.#memory
    const { columns, length } = this.#ring.poll(max)
    const batch = this.#batch
    batch.show(this.#stage, 0, length)
    for (let i = 0; i < columns.length; i++) {
      const { type, values, validity } = columns[i]!
      u8.copyWithin(this.#stage.values[i]!, values, values + length * BYTE_WIDTH[type])
      batch.columns[i]!.validity = validity === 0 ? 0 : this.#stage.validity[i]!
      if (validity !== 0) u8.copyWithin(this.#stage.validity[i]!, validity, validity + bitmapBytes(length))
    }
    this.#ring.release(length)
    return batch
  }

  release(): void {
    this.#batch.length = 0
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    for (const column of this.#batch.columns) {
      if (column.dictionary !== dictionary) continue
      for (let row = 0; row < this.#batch.length; row++) mark(this.#memory.u32[(column.values >>> 2) + row]!)
    }
  }

  close(): void {
    this.#scope.release()
  }
}
