import { type EventfluxError, messageOf, stageFailed } from '../errors.ts'
import type { RestartPolicy } from '../runtime/run-options.ts'
import type { Clock } from '../time/clock.ts'
import { FrameLog } from './frame-log.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'
import type { Gather, TakenRows } from './gather.ts'
import type { WorkerRestore } from './worker-job.ts'
import type { NewStart, WorkerPool } from './worker-pool.ts'
import type { StatesOfWorkers, WorkerStates } from './worker-states.ts'

/** Input that is kept for workers that have to do it once more, before these are asked for their state. */
const LOG_BYTES = 8 * 2 ** 20
const DEFAULT_ATTEMPTS = 3

/** What workers go on from: their states at a barrier, and what had happened in front of it. */
interface Savepoint extends NewStart {
  /** The texts the workers knew. */
  readonly texts: Uint8Array | undefined
  /** The number of the first frame behind it. */
  readonly log: number
  /** What had been taken of theirs; undefined: nothing. */
  readonly taken: TakenRows | undefined
}

/** A barrier on its way: all that becomes known of it. */
interface SentBarrier extends Pick<Savepoint, 'texts' | 'log'> {
  taken: TakenRows | undefined
  states: StatesOfWorkers | undefined
}

/** Whatever takes part in a new start. */
interface RestartParts {
  readonly pool: Pick<WorkerPool, 'restart' | 'begin'>
  readonly input: FrameRing
  readonly gather: Pick<Gather, 'taken' | 'restart'>
  readonly states: Pick<WorkerStates, 'at' | 'restart'>
  readonly clock: Clock
  /** The texts the workers know. */
  readonly texts: () => Uint8Array | undefined
  /** The rings are empty, and begin anew. */
  readonly between: () => void
  /** The workers are there again: what waits for them goes on. */
  readonly ready: () => void
}

/**
 * Starts workers anew where some are lost: all of them go on from their states at the last barrier, are sent once more what
 * came behind it, and of what they put out the rows that had been taken are passed over. So sources, sinks and counts know
 * nothing of it. Barriers are those of checkpoints, and others when much input is kept.
 */
export class Restarts {
  /** How often the workers were started anew. */
  count = 0
  readonly #policy: RestartPolicy
  readonly #parts: RestartParts
  readonly #log = new FrameLog()
  readonly #sent = new Map<number, SentBarrier>()
  #last: Savepoint
  /** Attempts since the last barrier. */
  #attempts = 0
  #own = 0
  #isBarrierSent = false
  #isRestarting = false
  /** The next frame to be sent once more; undefined: none is left. */
  #replayed: number | undefined
  #textsLeft: Uint8Array | undefined
  #cancelDelay = (): void => {}

  constructor(policy: RestartPolicy, parts: RestartParts) {
    this.#policy = policy
    this.#parts = parts
    this.#last = { clocks: undefined, texts: undefined, log: 0, orders: undefined, counts: undefined, taken: undefined }
    parts.input.log = this.#log
  }

  /** Workers go on from what was kept before this job. */
  restored(orders: readonly WorkerRestore[]): void {
    this.#last = { ...this.#last, orders }
  }

  /** The number of a barrier that is wanted, because much input is kept; undefined: none is. */
  get wanted(): number | undefined {
    if (this.#isBarrierSent || this.#log.bytes < (this.#policy.logBytes ?? LOG_BYTES)) return undefined
    return --this.#own
  }

  /** A barrier was sent. */
  sent(id: number): void {
    this.#isBarrierSent = true
    const { states, texts } = this.#parts
    const sent: SentBarrier = { texts: texts(), log: this.#log.end, taken: undefined, states: undefined }
    this.#sent.set(id, sent)
    void states.at(id).then(kept => {
      sent.states = kept
      this.#keep(id, sent)
    })
  }

  /** All that was in front of a barrier has been taken. */
  aligned(id: number): void {
    const sent = this.#sent.get(id)
    if (sent === undefined) return
    sent.taken ??= this.#parts.gather.taken()
    this.#keep(id, sent)
  }

  /** Once all is there that belongs to a barrier, what came before it is not needed any more. */
  #keep(id: number, { texts, log, taken, states }: SentBarrier): void {
    if (taken === undefined || states === undefined) return
    this.#sent.delete(id)
    this.#isBarrierSent = this.#sent.size > 0
    this.#attempts = 0
    const orders = states.parts.map(
      (part): WorkerRestore => ({ kind: 'restore', parts: [part], isSpreadOtherwise: false, tolerance: {} }),
    )
    this.#last = { texts, log, taken, orders, counts: states.counts, clocks: states.clocks }
    this.#log.dropBefore(log)
  }

  /** A worker is lost. What ends the job because of it; undefined: nothing does, all workers are started anew. */
  lost(error: EventfluxError): EventfluxError | undefined {
    if (this.#isRestarting) return undefined
    const { attempts = DEFAULT_ATTEMPTS, delayMs = 0, onRestart } = this.#policy
    if (this.#attempts >= attempts) return error
    this.#attempts++
    try {
      onRestart?.({ attempt: this.#attempts, error })
    } catch (cause) {
      return stageFailed(`onRestart threw: ${messageOf(cause)}`, { at: 'onRestart', cause })
    }
    this.count++
    this.#isRestarting = true
    void this.#restart(delayMs)
    return undefined
  }

  /** Whether the workers are there and have been sent all there was. Sends on what is to be sent once more. */
  isThrough(): boolean {
    if (this.#isRestarting) return false
    if (this.#replayed === undefined) return true
    const { input } = this.#parts
    input.log = undefined
    const isThrough = this.#replay(input, this.#replayed)
    input.log = this.#log
    if (isThrough) this.#replayed = undefined
    return isThrough
  }

  /** The job has ended: a new start that is waited for doesn't come, and its timer keeps no process alive. */
  close(): void {
    this.#cancelDelay()
  }

  async #restart(delayMs: number): Promise<void> {
    const { pool, gather, states, clock, between, ready } = this.#parts
    if (delayMs > 0)
      await new Promise<void>(resolve => {
        this.#cancelDelay = clock.after(delayMs, resolve)
      })
    const isThere = await pool.restart(() => {
      // Not before: while the workers end, what they had put out is taken, and a barrier in it may be the last one now.
      gather.restart(this.#last.taken)
      states.restart()
      between()
      return this.#last
    })
    this.#isRestarting = false
    if (!isThere) return
    this.#replayed = this.#last.log
    this.#textsLeft = this.#last.texts
    pool.begin()
    ready()
  }

  #replay(input: FrameRing, from: number): boolean {
    if (this.#textsLeft !== undefined) {
      if (!this.#sendTexts(input, this.#textsLeft)) return false
      this.#textsLeft = undefined
    }
    for (let number = from; number < this.#log.end; number++) {
      const { kind, a, b, payload } = this.#log.at(number)
      if (!send(input, kind, a, b, payload)) {
        this.#replayed = number
        return false
      }
    }
    return true
  }

  /** As one frame if it fits, else in pieces. */
  #sendTexts(input: FrameRing, texts: Uint8Array): boolean {
    const most = input.mostBytes >>> 2
    for (let at = 0; at < texts.length; at += most) {
      const piece = texts.subarray(at, at + most)
      if (!send(input, FRAME.pack, 0, piece.length, piece)) {
        this.#textsLeft = texts.subarray(at)
        return false
      }
    }
    this.#textsLeft = texts.subarray(texts.length)
    return send(input, FRAME.known, 0, 0, NOTHING)
  }
}

const NOTHING = new Uint8Array(0)

/** Tries again after asking for a message: room may have been made before it was asked for. */
function send(input: FrameRing, kind: number, a: number, b: number, payload: Uint8Array): boolean {
  let offset = input.claim(payload.length)
  if (offset < 0) {
    input.callForSpace()
    offset = input.claim(payload.length)
    if (offset < 0) return false
  }
  input.u8.set(payload, offset)
  input.publish(kind, a, b)
  return true
}
