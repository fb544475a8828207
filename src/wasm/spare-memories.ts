/** What a job has left behind: below `written` its bytes are whatever that job wrote, behind it they are zero. */
export interface SpareMemory {
  readonly memory: WebAssembly.Memory
  readonly written: number
}

/** Most memories that wait for a job. */
const MOST = 4
/** A larger one is not kept: a small job that lives for long would hold it. */
const MOST_BYTES = 64 * 1024 ** 2

/**
 * Memories of jobs that have ended, for those that begin: their pages are there already, while each new page is a fault the
 * system has to answer. They are held weakly: what no job takes goes when the collector comes by.
 */
export class SpareMemories {
  readonly #spares: { readonly memory: WeakRef<WebAssembly.Memory>; readonly written: number }[] = []

  /** Takes a memory whose job has ended. It is not to be touched any more by whoever had it. */
  keep({ memory, written }: SpareMemory): void {
    if (typeof WeakRef === 'undefined' || memory.buffer.byteLength > MOST_BYTES) return
    if (this.#spares.length === MOST) this.#spares.shift()
    this.#spares.push({ memory: new WeakRef(memory), written })
  }

  /** The latest whose length is in a range, if there is one. */
  take({ least, most }: { readonly least: number; readonly most: number }): SpareMemory | undefined {
    for (let i = this.#spares.length - 1; i >= 0; i--) {
      const { memory: held, written } = this.#spares[i]!
      const memory = held.deref()
      const bytes = memory?.buffer.byteLength ?? 0
      if (memory !== undefined && (bytes < least || bytes > most)) continue
      this.#spares.splice(i, 1)
      if (memory === undefined) continue
      return { memory, written }
    }
    return undefined
  }
}
