import type { PoolColumns } from './pool-columns.ts'

/** One object that stands for the handle it was last turned to: its fields read and write the pool's columns. */
export class PoolView {
  readonly event: object
  #handle = -1

  /** @param slotOf The slot of a handle in use; throws for one that isn't. */
  constructor(columns: Pick<PoolColumns, 'get' | 'set'>, names: readonly string[], slotOf: (handle: number) => number) {
    const event = {}
    for (const name of names) {
      Object.defineProperty(event, name, {
        get: () => columns.get(slotOf(this.#handle), name),
        set: (value: unknown) => columns.set(slotOf(this.#handle), name, value),
        enumerable: true,
      })
    }
    this.event = Object.preventExtensions(event)
  }

  turnTo(handle: number): void {
    this.#handle = handle
  }
}
