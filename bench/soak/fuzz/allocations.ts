/** Counts the bytes of arrays that are made by their length, while it runs: what a length that is a lie would ask for. */
export class AllocationCounter {
  bytes = 0
  readonly #originals = new Map<string, unknown>()

  start(): void {
    for (const name of ['ArrayBuffer', 'Uint8Array', 'Uint16Array', 'Int32Array', 'Uint32Array', 'Float64Array']) {
      const original = (globalThis as Record<string, unknown>)[name] as new (...args: unknown[]) => object
      const width = (original as unknown as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1
      this.#originals.set(name, original)
      const counting: object = new Proxy(original, {
        construct: (target, args, given) => {
          if (typeof args[0] === 'number') this.bytes += args[0] * width
          return Reflect.construct(target, args, given === counting ? target : given) as object
        },
      })
      ;(globalThis as Record<string, unknown>)[name] = counting
    }
  }

  stop(): void {
    for (const [name, original] of this.#originals) (globalThis as Record<string, unknown>)[name] = original
    this.#originals.clear()
  }
}
