import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import { nextTurn } from '../time/turn.ts'
import { ABORTED, AbortGate } from './abort-gate.ts'
import { goesOn } from './goes-on.ts'
import type { Source, SourceIntake, SourceMetadata } from './source.ts'

/** Events handed over per call by sources that have many at once. */
export const CHUNK_ROWS = 1024

/** Arrays: sliced, so that the queue copies straight from them. */
export class ArraySource<E> implements Source<E> {
  readonly #events: readonly E[]
  readonly #name: string
  #offset = 0
  /** Where this run began. */
  #start = 0

  constructor(events: readonly E[], name: string) {
    this.#events = events
    this.#name = name
  }

  get metadata(): SourceMetadata {
    return { name: this.#name, kind: 'array', offset: this.#offset, replayable: true, bounded: true }
  }

  snapshot(writer: StateWriter, rows: number): void {
    writer.f64(this.#start + rows)
  }

  restore(reader: StateReader): void {
    this.#start = reader.amount(this.#events.length)
    this.#offset = this.#start
  }

  async run(intake: SourceIntake<E>): Promise<void> {
    const gate = new AbortGate(intake.signal)
    try {
      while (this.#offset < this.#events.length && !intake.signal.aborted) {
        const chunk = this.#events.slice(this.#offset, this.#offset + CHUNK_ROWS)
        if (!(await goesOn(intake.pushMany(chunk), gate))) return
        this.#offset += chunk.length
        await nextTurn()
      }
    } finally {
      gate.close()
    }
  }
}

/** Synchronous iterables, taken in chunks; a generator is closed when the job stops early. */
export class IterableSource<E> implements Source<E> {
  readonly #events: Iterable<E>
  readonly #name: string
  #offset = 0

  constructor(events: Iterable<E>, name: string) {
    this.#events = events
    this.#name = name
  }

  get metadata(): SourceMetadata {
    return { name: this.#name, kind: 'iterable', offset: this.#offset, replayable: false, bounded: true }
  }

  async run(intake: SourceIntake<E>): Promise<void> {
    if (intake.signal.aborted) return
    const gate = new AbortGate(intake.signal)
    try {
      for (const chunk of chunksOf(this.#events)) {
        if (!(await goesOn(intake.pushMany(chunk), gate))) return
        this.#offset += chunk.length
        await nextTurn()
        if (intake.signal.aborted) return
      }
    } finally {
      gate.close()
    }
  }
}

/**
 * Some events at a time. Where the iterable throws, those it gave before come first. One that is left behind may throw in
 * its `return()`: nobody waits for what it has to say, as with async iterables.
 */
function* chunksOf<E>(events: Iterable<E>): Generator<E[], void> {
  let next: E[] = []
  let isLeft = false
  try {
    for (const event of events) {
      if (next.push(event) < CHUNK_ROWS) continue
      const chunk = next
      next = []
      isLeft = true
      yield chunk
      isLeft = false
    }
  } catch (error) {
    if (isLeft) return
    if (next.length > 0) yield next
    throw error
  }
  if (next.length > 0) yield next
}

/** Async iterables, event by event; `return()` is called when the job stops early. */
export class AsyncIterableSource<E> implements Source<E> {
  readonly #events: AsyncIterable<E>
  readonly #name: string
  #offset = 0

  constructor(events: AsyncIterable<E>, name: string) {
    this.#events = events
    this.#name = name
  }

  get metadata(): SourceMetadata {
    return { name: this.#name, kind: 'asyncIterable', offset: this.#offset, replayable: false, bounded: false }
  }

  async run(intake: SourceIntake<E>): Promise<void> {
    const gate = new AbortGate(intake.signal)
    try {
      for await (const event of untilAborted(this.#events, intake.signal)) {
        const isOpen = goesOn(intake.push(event), gate)
        if (isOpen !== true && !(await isOpen)) return
        this.#offset++
        // An iterable that never really waits would keep timers and sinks from running.
        if (this.#offset % CHUNK_ROWS === 0) await nextTurn()
      }
    } finally {
      gate.close()
    }
  }
}

/** The events of an async iterable until the signal aborts, then its `return()`, even while it is waiting. */
export async function* untilAborted<T>(events: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, void> {
  const iterator = events[Symbol.asyncIterator]()
  const gate = new AbortGate(signal)
  let isOver = false
  try {
    while (!signal.aborted) {
      let next: IteratorResult<T> | typeof ABORTED
      try {
        // What is no promise is taken too, as `for await` does.
        next = await gate.wait(Promise.resolve(iterator.next()))
      } catch (error) {
        isOver = true
        throw error
      }
      if (next === ABORTED) return
      if (next.done) {
        isOver = true
        return
      }
      yield next.value
    }
  } finally {
    gate.close()
    // Not awaited: a generator that is waiting answers return() only after its wait, which may be never.
    if (!isOver) (async () => iterator.return?.())().catch(() => {})
  }
}
