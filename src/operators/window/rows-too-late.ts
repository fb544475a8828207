import type { ArenaScope } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { WindowSlices } from './window-slices.ts'

/** Takes rows as positions of the batch being processed. false: it has taken them, and is full. */
export type SendLate = (selection: number, count: number) => boolean

/** Rows of the batch at hand that no window takes: they go down their branch together, or are counted. */
export class RowsTooLate {
  /** Those that went nowhere else. */
  counted = 0
  /** Address of the positions of those that wait for their branch, with room for a batch. */
  readonly positions: number
  readonly #memory: LinearMemory
  readonly #send: SendLate | undefined
  #waiting = 0

  constructor(memory: LinearMemory, scope: ArenaScope, maxBatch: number, send: SendLate | undefined) {
    this.#memory = memory
    this.#send = send
    this.positions = scope.allocate(maxBatch * 4)
  }

  /** Adds `count` rows whose positions stand at an address. */
  add(positions: number, count: number): void {
    if (this.#send === undefined) {
      this.counted += count
      return
    }
    const from = positions >>> 2
    this.#memory.u32.copyWithin((this.positions >>> 2) + this.#waiting, from, from + count)
    this.#waiting += count
  }

  addRow(position: number): void {
    if (this.#send === undefined) this.counted++
    else this.#memory.u32[(this.positions >>> 2) + this.#waiting++] = position
  }

  /** Sends those that wait. false: their branch is full. */
  flush(): boolean {
    const count = this.#waiting
    this.#waiting = 0
    return count === 0 || this.#send!(this.positions, count)
  }
}

/** Keeps, of rows at an address, those of some window: a row between two sampling windows is late for none. */
export function rowsOfWindows(
  windows: WindowSlices,
  { u32, f64 }: LinearMemory,
  time: number,
  positions: number,
  count: number,
): number {
  if (!windows.hasGaps) return count
  let kept = positions >>> 2
  for (let at = kept, end = kept + count; at < end; at++) {
    const row = u32[at]!
    const slice = windows.sliceOf(f64[(time >>> 3) + row]!)
    if (windows.firstWindow(slice) <= windows.lastWindow(slice)) u32[kept++] = row
  }
  return kept - (positions >>> 2)
}
