import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { ChainParts } from '../operators/chain.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import type { StageTimers, TimedStage } from '../operators/stage-timers.ts'
import type { RestartPolicy } from '../runtime/run-options.ts'
import type { Clock } from '../time/clock.ts'
import { BatchSender } from './batch-sender.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'
import { Gather, type GatheredWorker } from './gather.ts'
import { Lookout, type ThreadListener } from './lookout.ts'
import { OpenStep } from './open-step.ts'
import { Restarts } from './restarts.ts'
import { SentRows } from './sent-rows.ts'
import type { WorkerPool } from './worker-pool.ts'
import type { WorkerStates } from './worker-states.ts'

/** The head of a chain that is done by workers: sends what comes to the workers, and looks after what comes back. */
export class Scatter implements Operator {
  readonly name = 'scatter'
  readonly #pool: WorkerPool
  readonly #input: FrameRing
  readonly #listener: ThreadListener
  readonly #clock: Clock
  readonly #timers: StageTimers
  readonly #states: WorkerStates
  readonly #sender: BatchSender
  readonly #gather: Gather
  readonly #sent = new SentRows()
  readonly #open = new OpenStep()
  readonly #lookout: Lookout
  /** Rows sent before the workers were started anew. */
  #sentBefore = 0
  readonly restarts: Restarts | undefined
  /** Requests made so far. */
  #asked = 0
  #armedFor = Number.POSITIVE_INFINITY
  #disarm: (() => void) | undefined
  readonly #sendRows = (): boolean => this.#withSpace(() => this.#sender.send())
  readonly #tick: TimedStage = { timerDue: atMs => this.#reached(Math.max(atMs, this.#clock.now())) }

  constructor(
    columns: readonly InputColumn[],
    workers: readonly GatheredWorker[],
    parts: {
      readonly context: EvaluationContext
      readonly pool: WorkerPool
      readonly input: FrameRing
      readonly listener: ThreadListener
      readonly clock: Clock
      /** By which the workers wait for the clock: they have none. */
      readonly timers: StageTimers
      readonly delays: Clock
      readonly states: WorkerStates
      readonly restart: RestartPolicy | undefined
      readonly inputs: ChainParts['inputs']
    },
  ) {
    const { context, pool, input } = parts
    this.#pool = pool
    this.#input = input
    this.#listener = parts.listener
    this.#clock = parts.clock
    this.#timers = parts.timers
    this.#sender = new BatchSender({
      ring: input,
      stream: 0,
      context,
      columns,
      sendsAllTexts: true,
      inputs: parts.inputs,
    })
    this.#gather = new Gather(workers, context, atMs => this.#arm(atMs))
    this.#lookout = new Lookout(parts.listener, parts.clock, () => this.#pump())
    pool.onCall = () => this.#lookout.called()
    const { restart, states, delays } = parts
    this.#states = states
    this.restarts =
      restart &&
      new Restarts(restart, {
        pool,
        input,
        gather: this.#gather,
        states,
        clock: delays,
        texts: () => this.#sender.knownTexts(),
        between: () => this.#startOver(),
        ready: () => this.#lookout.called(),
      })
  }

  process(batch: RecordBatch): boolean {
    const rows = batch.selectedCount
    this.#sender.start(batch, this.#clock.now())
    return this.#open.do(() => {
      if (!this.#sendRows()) return false
      this.#sent.add(this.#input.tail, rows)
      const wanted = this.restarts?.wanted
      if (wanted !== undefined) this.#sendBarrier(wanted, () => true)
      return true
    })
  }

  /** The end of the input: everything comes back before it is done. */
  advanceWatermark(watermark: number): boolean {
    return watermark === Number.POSITIVE_INFINITY ? this.#ask(FRAME.end) : true
  }

  endInput(input: number): boolean {
    return this.#open.do(() => this.#tellNow() && this.#tell(FRAME.inputEnd, input, 0))
  }

  /** Sends a barrier behind everything sent so far. */
  barrier(id: number, aligned: () => boolean): boolean {
    return this.#open.do(() => this.#sendBarrier(id, aligned))
  }

  #sendBarrier(id: number, aligned: () => boolean): boolean {
    if (!this.#tellNow() || !this.#tell(FRAME.barrier, 0, id)) return false
    this.#gather.atBarrier(id, () => {
      this.restarts?.aligned(id)
      const isThrough = aligned()
      this.#states.aligned(id)
      return isThrough
    })
    this.restarts?.sent(id)
    return true
  }

  /** Everything sent so far comes back before it is done. */
  settle(): boolean {
    return this.#ask(FRAME.marker)
  }

  nextFiring(): number {
    return Number.POSITIVE_INFINITY
  }

  resume(): boolean {
    return this.#pump() && this.#open.resume()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#gather.markCodes(dictionary, mark)
  }

  close(): void {
    this.#disarm?.()
    this.restarts?.close()
    this.#pool.onCall = () => {}
    void this.#pool.close()
    this.#sender.close()
    this.#gather.close()
  }

  #pump(): boolean {
    this.#lookout.looked()
    const isSent = this.#isSentAgain()
    const isThrough = this.#gather.pump()
    if (isSent) this.#countSent()
    return isSent && isThrough
  }

  #ask(kind: number): boolean {
    const number = ++this.#asked
    let isSent = false
    return this.#open.do(() => {
      isSent ||= this.#tell(kind, number, 0)
      return isSent && this.#pump() && this.#gather.isDone(number)
    })
  }

  /** What comes next happens now, though no row has told the workers what time it is. */
  #tellNow(): boolean {
    return this.#tell(FRAME.tick, 0, this.#clock.now())
  }

  #tell(kind: number, a: number, value: number): boolean {
    const ring = this.#input
    return this.#withSpace(() => {
      const offset = ring.claim(8)
      if (offset < 0) return false
      ring.f64[offset >>> 3] = value
      ring.publish(kind, a, 0)
      return true
    })
  }

  /** Tries again after asking for a message: room may have been made before it was asked for. */
  #withSpace(send: () => boolean): boolean {
    if (!this.#isSentAgain()) return false
    if (send()) return true
    this.#input.callForSpace()
    return send()
  }

  /** Whether the workers were sent what those before them were sent in vain. */
  #isSentAgain(): boolean {
    if (this.restarts === undefined) return true
    if (!this.restarts.isThrough()) return false
    if (this.#sentBefore > 0) this.#sent.addAgain(this.#input.tail, this.#sentBefore)
    this.#sentBefore = 0
    return true
  }

  /** The workers are started anew: what was sent and not worked on is to be sent once more. */
  #startOver(): void {
    this.#sentBefore += this.#sent.takeAll()
  }

  #countSent(): void {
    const rows = this.#sent.takeThrough(this.#input.slowest)
    if (rows > 0) this.#listener.batchDone(rows, 0)
  }

  /** Has the clock send a turn. */
  #arm(atMs: number): void {
    if (atMs === this.#armedFor) return
    this.#disarm?.()
    this.#armedFor = atMs
    this.#disarm = atMs === Number.POSITIVE_INFINITY ? undefined : this.#timers.at(this.#tick, atMs)
  }

  #reached(atMs: number): boolean {
    const wantedMs = this.#armedFor
    this.#armedFor = Number.POSITIVE_INFINITY
    if (atMs >= wantedMs) return this.#open.do(() => this.#tell(FRAME.tick, 0, atMs))
    this.#arm(wantedMs)
    return true
  }
}
