import type { WasmMemory } from './platform-types.ts'

/** Memory of one job, of the wasm engine or of the js engine. */
export type JobMemory = WasmMemory | ArrayBuffer

/** What a job has left behind: below `written` its bytes are whatever that job wrote, behind it they are zero. */
export interface SpareMemory {
  readonly memory: JobMemory
  readonly written: number
}

/** Most memories that wait for a job. */
const MOST = 4
/** A larger one is not kept: a small job that lives for long would hold it. */
const MOST_BYTES = 64 * 1024 ** 2

/**
 * Memories of jobs that have ended, for those of the same engine that begin: their pages are there already, while each new
 * page is a fault the system has to answer. They are held weakly: what no job takes goes when the collector comes by.
 */
export class SpareMemories {
  readonly #spares: { readonly memory: WeakRef<JobMemory>; readonly written: number }[] = []

  /** Takes a memory whose job has ended. It is not to be touched any more by whoever had it. */
  keep({ memory, written }: SpareMemory): void {
    if (typeof WeakRef === 'undefined' || bytesOf(memory) > MOST_BYTES) return
    if (this.#spares.length === MOST) this.#spares.shift()
    this.#spares.push({ memory: new WeakRef(memory), written })
  }

  /** The latest whose length is in a range, if there is one. */
  take({ least, most }: { readonly least: number; readonly most: number }): SpareMemory | undefined {
    for (let i = this.#spares.length - 1; i >= 0; i--) {
      const { memory: held, written } = this.#spares[i]!
      const memory = held.deref()
      if (memory !== undefined && (bytesOf(memory) < least || bytesOf(memory) > most)) continue
      this.#spares.splice(i, 1)
      if (memory === undefined) continue
      return { memory, written }
    }
    return undefined
  }
}

const bytesOf = (memory: JobMemory) => (memory instanceof ArrayBuffer ? memory : memory.buffer).byteLength
