import { createRequire } from 'node:module'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect } from 'vitest'

const threads = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker }
const { Worker: Original } = threads

/** The threads a test has started, in order, and those of them that are there. */
export const started: Worker[] = []
export const alive = new Set<Worker>()

/** Keeps watch over the threads that the tests of a file start: when a test is over, none is there. */
export function watchWorkers(): void {
  beforeEach(() => {
    started.length = 0
    threads.Worker = class extends Original {
      constructor(...args: ConstructorParameters<typeof Worker>) {
        super(...args)
        started.push(this)
        alive.add(this)
        this.once('exit', () => alive.delete(this))
      }
    }
  })
  afterEach(() => {
    threads.Worker = Original
    expect(alive.size).toBe(0)
  })
}
