import { type Clock, systemClock } from '../time/clock.ts'
import { onAbort } from '../time/on-abort.ts'

/** 32-bit words a wait cell takes. */
export const WAIT_CELL_WORDS = 2

/** Looks before a thread goes to sleep: about a microsecond, what a round trip through the system costs many times over. */
const SPINS = 100
/** Where nobody can be told asynchronously: how long to sleep between two looks. */
const POLL_MS = 1

/** How long to wait without blocking the thread. */
export interface AsyncWaitOptions {
  /** Default: for ever. */
  readonly timeoutMs?: number | undefined
  /** Ends the wait. */
  readonly signal?: AbortSignal | undefined
  /** What the timeout is measured with; default the system's clock. */
  readonly clock?: Clock | undefined
}

/** Of ES2024; not every browser has it. */
type WaitAsync = (
  cells: Int32Array,
  at: number,
  expected: number,
) => { readonly async: false } | { readonly async: true; readonly value: Promise<string> }

/**
 * Where threads wait for what another thread changes in shared memory. Whoever waits says so first and looks then; whoever
 * changes something changes it first and looks for waiters then. One of the two sees the other, so no wake-up is lost, and
 * a change that nobody waits for costs one load.
 *
 * ```text
 *   0 epoch i32, rises at each wake-up │ 4 waiters i32
 * ```
 */
export class WaitCell {
  readonly #cells: Int32Array
  readonly #epoch: number
  readonly #waiters: number
  /** Who of this thread sleeps without blocking it, and whether the epoch is watched for them. */
  readonly #sleepers = new Set<() => void>()
  #isWatching = false
  readonly #woken = (): void => {
    this.#isWatching = false
    for (const lookAgain of this.#sleepers) lookAgain()
    this.#sleepers.clear()
  }

  /** @param at Index of the cell's first word in `cells`, a view of shared memory that starts as zero. */
  constructor(cells: Int32Array, at: number) {
    this.#cells = cells
    this.#epoch = at
    this.#waiters = at + 1
  }

  /** Makes all that wait look again. Call it after the change, which must have been an atomic store. */
  wake(): void {
    if (Atomics.load(this.#cells, this.#waiters) === 0) return
    Atomics.add(this.#cells, this.#epoch, 1)
    Atomics.notify(this.#cells, this.#epoch)
  }

  /**
   * Blocks the thread until `attempt` returns true: tries for about a microsecond, then sleeps between wake-ups. False when
   * the time is over. For worker threads: browsers forbid it to the page's thread, and Node's main thread shouldn't.
   */
  park(attempt: () => boolean, timeoutMs = Number.POSITIVE_INFINITY): boolean {
    for (let i = 0; i < SPINS; i++) if (attempt()) return true
    const untilMs = systemClock.monotonicNs() / 1e6 + timeoutMs
    Atomics.add(this.#cells, this.#waiters, 1)
    try {
      for (;;) {
        const epoch = Atomics.load(this.#cells, this.#epoch)
        if (attempt()) return true
        const leftMs = untilMs - systemClock.monotonicNs() / 1e6
        if (!(leftMs > 0)) return false
        Atomics.wait(this.#cells, this.#epoch, epoch, leftMs)
      }
    } finally {
      Atomics.sub(this.#cells, this.#waiters, 1)
    }
  }

  /** The same for threads that must not block: resolves with true once `attempt` does, with false when the wait ends. */
  async parkAsync(attempt: () => boolean, options: AsyncWaitOptions = {}): Promise<boolean> {
    const { timeoutMs, signal, clock = systemClock } = options
    if (attempt()) return true
    let isOver = signal?.aborted ?? false
    let lookAgain: () => void = () => {}
    const end = (): void => {
      isOver = true
      lookAgain()
    }
    const cancelTimer = timeoutMs !== undefined && timeoutMs < Number.POSITIVE_INFINITY && clock.after(timeoutMs, end)
    const forget = signal === undefined ? undefined : onAbort(signal, end)
    Atomics.add(this.#cells, this.#waiters, 1)
    try {
      for (;;) {
        const epoch = Atomics.load(this.#cells, this.#epoch)
        if (attempt()) return true
        if (isOver) return false
        await new Promise<void>(resolve => {
          lookAgain = resolve
          this.#sleepers.add(resolve)
          this.#watch(epoch)
        })
        this.#sleepers.delete(lookAgain)
      }
    } finally {
      Atomics.sub(this.#cells, this.#waiters, 1)
      forget?.()
      if (cancelTimer) cancelTimer()
      if (this.#isWatching && this.#sleepers.size === 0) Atomics.notify(this.#cells, this.#epoch)
    }
  }

  /**
   * Has all look again that sleep here without blocking, once the epoch may have passed `epoch`. One watch does for all of them, and
   * ends with the last: the system keeps a watch until it is woken, also for somebody who has long gone.
   */
  #watch(epoch: number): void {
    if (this.#isWatching) return
    this.#isWatching = true
    const { waitAsync } = Atomics as unknown as { readonly waitAsync?: WaitAsync }
    const waiting = waitAsync?.(this.#cells, this.#epoch, epoch)
    if (waiting === undefined) systemClock.after(POLL_MS, this.#woken)
    else if (waiting.async) void waiting.value.then(this.#woken)
    else this.#woken()
  }
}
