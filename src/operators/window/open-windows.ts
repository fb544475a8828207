import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import type { KeyIds } from './key-ids.ts'
import type { OpenWindow } from './open-window.ts'

/** Windows that hold rows, in order of their ends. */
export class OpenWindows {
  readonly windows: OpenWindow[] = []
  readonly #make: (index: number) => OpenWindow

  constructor(make: (index: number) => OpenWindow) {
    this.#make = make
  }

  /** The window of an index, made if it isn't there. */
  obtain(index: number): OpenWindow {
    const at = this.#positionFrom(index)
    if (this.windows[at]?.index !== index) this.windows.splice(at, 0, this.#make(index))
    return this.windows[at]!
  }

  /** The first window at or after an index. */
  firstFrom(index: number): OpenWindow | undefined {
    return this.windows[this.#positionFrom(index)]
  }

  /** All windows at or after an index. */
  from(index: number): readonly OpenWindow[] {
    return this.windows.slice(this.#positionFrom(index))
  }

  /** Gives up the windows before an index. */
  closeBefore(index: number): void {
    for (const window of this.windows.splice(0, this.#positionFrom(index))) window.close()
  }

  snapshot(writer: StateWriter): void {
    writer.u32(this.windows.length)
    for (const window of this.windows) {
      writer.f64(window.index)
      window.snapshot(writer)
    }
  }

  /** Opens the windows of a state, where they aren't open. */
  restore(reader: StateReader, keys: KeyIds): void {
    let before = Number.NEGATIVE_INFINITY
    for (let left = reader.count(12); left > 0; left--) {
      const index = reader.integer()
      if (index <= before) reader.refuse(`windows don't ascend at ${index}`)
      before = index
      this.obtain(index).restore(reader, keys)
    }
  }

  #positionFrom(index: number): number {
    let low = 0
    let high = this.windows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.windows[middle]!.index < index) low = middle + 1
      else high = middle
    }
    return low
  }
}
