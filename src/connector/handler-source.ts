import { nextTurn } from '../time/turn.ts'
import { ABORTED, AbortGate } from './abort-gate.ts'
import { goesOn } from './goes-on.ts'
import { CHUNK_ROWS } from './iterable-source.ts'
import type { Source, SourceHandler, SourceIntake, SourceMetadata } from './source.ts'

/** Asks a SourceHandler: for everything it has now, and when it has nothing, again once it is ready or after a pause. */
export class HandlerSource<E> implements Source<E> {
  readonly snapshot?: NonNullable<Source['snapshot']>
  readonly restore?: NonNullable<Source['restore']>
  readonly forget?: NonNullable<Source['forget']>
  readonly #handler: SourceHandler<E>
  readonly #idleMs: number

  constructor(handler: SourceHandler<E>, idleMs: number) {
    this.#handler = handler
    this.#idleMs = idleMs
    if (handler.snapshot) this.snapshot = (writer, rows) => handler.snapshot!(writer, rows)
    if (handler.restore) this.restore = reader => handler.restore!(reader)
    if (handler.forget) this.forget = rows => handler.forget!(rows)
  }

  get metadata(): SourceMetadata {
    return this.#handler.metadata()
  }

  async run(intake: SourceIntake<E>): Promise<void> {
    const gate = new AbortGate(intake.signal)
    try {
      while (!intake.signal.aborted) {
        const { chunk, fault } = this.#receive()
        if (chunk.length > 0 && !(await goesOn(intake.pushMany(chunk), gate))) return
        if (fault !== undefined) throw fault.cause
        if (chunk.length > 0) await nextTurn()
        else if (this.#handler.done) return
        else if ((await this.#pause(intake, gate)) === ABORTED) return
      }
    } finally {
      gate.close()
    }
  }

  async close(): Promise<void> {
    await this.#handler.close?.()
  }

  #pause(intake: SourceIntake<E>, gate: AbortGate): Promise<unknown> {
    if (this.#handler.ready) return gate.wait(this.#handler.ready())
    return gate.sleep(intake.clock, this.#idleMs)
  }

  /** What there is now; where the handler throws, what it gave before, and what it threw. */
  #receive(): { readonly chunk: E[]; readonly fault?: { readonly cause: unknown } } {
    const chunk: E[] = []
    try {
      this.#receiveInto(chunk)
      return { chunk }
    } catch (cause) {
      return { chunk, fault: { cause } }
    }
  }

  #receiveInto(chunk: E[]): void {
    if (this.#handler.receiveBatch) {
      this.#handler.receiveBatch(chunk, CHUNK_ROWS)
      return
    }
    while (chunk.length < CHUNK_ROWS) {
      const event = this.#handler.receive()
      if (event === undefined) return
      chunk.push(event)
    }
  }
}
