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
