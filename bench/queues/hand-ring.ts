/** The ring one writes by hand: a power-of-two array, two running positions, nothing counted. */
export class HandRing<T> {
  readonly #slots: (T | undefined)[]
  readonly #mask: number
  #head = 0
  #tail = 0

  /** @param capacity A power of two. */
  constructor(capacity: number) {
    this.#slots = new Array<T | undefined>(capacity).fill(undefined)
    this.#mask = capacity - 1
  }

  tryPush(event: T): boolean {
    if (this.#tail - this.#head > this.#mask) return false
    this.#slots[this.#tail++ & this.#mask] = event
    return true
  }

  tryPop(): T | undefined {
    if (this.#head === this.#tail) return undefined
    const at = this.#head++ & this.#mask
    const event = this.#slots[at]
    this.#slots[at] = undefined
    return event
  }
}

/** The same for numbers, unboxed. */
export class HandNumberRing {
  readonly #slots: Float64Array
  readonly #mask: number
  #head = 0
  #tail = 0

  /** @param capacity A power of two. */
  constructor(capacity: number) {
    this.#slots = new Float64Array(capacity)
    this.#mask = capacity - 1
  }

  tryPush(event: number): boolean {
    if (this.#tail - this.#head > this.#mask) return false
    this.#slots[this.#tail++ & this.#mask] = event
    return true
  }

  tryPop(): number | undefined {
    return this.#head === this.#tail ? undefined : this.#slots[this.#head++ & this.#mask]
  }
}
