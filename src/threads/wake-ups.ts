import type { WaitCell } from '../memory/wait-cell.ts'

/**
 * Wakes other threads when what is happening on this one is over: a thread that is woken for every frame and finds one
 * costs more than the frame. A turn of promises counts as one happening.
 */
export class WakeUps {
  /** What of a ring may be full while its consumers sleep until the producer is done for now: less than is worth a wake-up. */
  readonly fullEnough: number
  readonly #due = new Set<WaitCell>()
  readonly #wakeAll = (): void => {
    for (const cell of this.#due) cell.wake()
    this.#due.clear()
  }

  constructor(fullEnough: number) {
    this.fullEnough = fullEnough
  }

  /** Has those woken that wait at `cell`. */
  later(cell: WaitCell): void {
    if (this.#due.size === 0) afterThis(this.#wakeAll)
    this.#due.add(cell)
  }
}

/** Has something done when what is happening on this thread is over. Pages have no `setImmediate`; their timers would wait for milliseconds. */
export const afterThis: (task: () => void) => void =
  typeof setImmediate === 'function'
    ? task => void setImmediate(task)
    : task => {
        const { port1, port2 } = new MessageChannel()
        port1.onmessage = () => {
          port1.close()
          task()
        }
        port2.postMessage(0)
      }
