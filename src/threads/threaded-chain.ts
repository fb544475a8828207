import type { Section } from '../checkpoint/checkpoint-format.ts'
import { dictionariesOf } from '../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { Chain, ChainParts, OperatorCounts } from '../operators/chain.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import type { TimedStage } from '../operators/stage-timers.ts'
import type { Layout } from '../operators/state-parts.ts'
import type { LogicalNode } from '../plan/logical-node.ts'
import { schemaOf } from '../plan/plan-scope.ts'
import type { RestartPolicy } from '../runtime/run-options.ts'
import type { Clock } from '../time/clock.ts'
import { BatchSender } from './batch-sender.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'
import { Gather, type GatheredStream, type GatheredWorker } from './gather.ts'
import { Restarts } from './restarts.ts'
import { stepsElsewhere } from './steps-elsewhere.ts'
import type { WorkerRestore } from './worker-job.ts'
import type { ReadyWorker, WorkerPool } from './worker-pool.ts'
import { WorkerStates } from './worker-states.ts'

/** Who is told what happens between the threads. */
export interface ThreadListener {
  ready(): void
  timerDue(stage: TimedStage, atMs: number): void
  batchDone(rows: number, busyNs: number): void
}

/** Workers that are ready, and how the job is dealt out to them. */
export interface ThreadPlan {
  readonly pool: WorkerPool
  /** The way to the first of them, or to all. */
  readonly input: FrameRing
  readonly layout: Layout
  /** Whether lost workers are started anew. */
  readonly restart: RestartPolicy | undefined
  /** The clock delays are measured by. */
  readonly clock: Clock
  /** Workers that do the same steps, over different rows; each has one before it whose results it takes. */
  readonly stages: readonly {
    readonly workers: readonly ReadyWorker[]
    /** The steps of the plan they do. */
    readonly from: number
    readonly to: number
    /** Steps before this are done by each of the workers, for all rows. */
    readonly dealtBefore: number
  }[]
}

/**
 * Makes the chain of a job that is done by workers: its head sends every batch to them, and what they put out goes into
 * the sinks.
 */
export function threadedChain(
  { pool, input, layout, stages, restart, clock: delays }: ThreadPlan,
  listener: ThreadListener,
  clock: Clock,
): (nodes: readonly LogicalNode[], columns: readonly InputColumn[], parts: ChainParts) => Chain {
  return (nodes, columns, parts) => {
    const { context } = parts
    const operatorsOf = new Map<LogicalNode, readonly OperatorCounts[]>()
    const all = stages.map(({ workers, from, to, dealtBefore }) => {
      const { shape } = workers[0]!
      const elsewhere = stepsElsewhere(
        shape,
        workers.map(({ cells }) => cells),
        dealtBefore,
      )
      for (let step = from; step < to; step++)
        operatorsOf.set(
          nodes[step]!,
          elsewhere.operators.filter((_, at) => shape.operators[at]!.step === step - from),
        )
      return elsewhere
    })
    const gathered = stages.flatMap(({ workers }, stage) => {
      const isLast = stage === stages.length - 1
      const streams = workers[0]!.shape.streams.map(({ branch, fields }): GatheredStream => {
        const ends = columnsOf(fields, context)
        // Results of a stage in the middle go to the next, and nothing of them comes here.
        return { columns: ends, to: branch === undefined && !isLast ? NOWHERE : parts.sink(ends, branch) }
      })
      return workers.map(({ output }) => ({ ring: output, streams, answers: isLast }))
    })
    const states = new WorkerStates(pool)
    const head = new Scatter(columns, gathered, {
      context,
      pool,
      input,
      listener,
      clock,
      delays,
      states,
      restart,
      inputs: parts.inputs,
    })
    return {
      head,
      operators: all.flatMap(({ operators }) => operators),
      operatorsOf,
      timed: new Map(),
      eventTimes: all.flatMap(({ eventTimes }) => eventTimes),
      windows: all.flatMap(({ windows }) => windows),
      // Nothing is kept here: rows that were accepted are with the workers before anything is put into bytes.
      dictionaries: [],
      stateful: [],
      endInput: input => head.endInput(input),
      elsewhere: {
        policies: all.flatMap(({ policies }) => policies),
        settle: () => head.settle(),
        gone: pool.gone,
        layout,
        barrier: (id, aligned) => head.barrier(id, aligned),
        statesAt: id => states.at(id),
        restore(kept, isSpreadOtherwise, { allowNew = false, allowDropped = false }) {
          const orders = pool.workers.map(
            (_, worker): WorkerRestore => ({
              kind: 'restore',
              parts: (isSpreadOtherwise ? kept : [kept[worker]!]).map(copied),
              isSpreadOtherwise,
              tolerance: { allowNew, allowDropped },
            }),
          )
          head.restarts?.restored(orders)
          return pool.restore(orders)
        },
        get restarts() {
          return head.restarts?.count ?? 0
        },
        lost: error => head.restarts?.lost(error) ?? false,
      },
    }
  }
}

/** Sections that can be sent: a piece of a checkpoint would take all of it along. */
const copied = (sections: readonly Section[]): Section[] =>
  sections.map(({ name, bytes }) => ({ name, bytes: bytes.slice() }))

/** An end that nothing comes to. */
const NOWHERE: Operator = {
  name: 'nowhere',
  process: () => true,
  advanceWatermark: () => true,
  nextFiring: () => Number.POSITIVE_INFINITY,
  resume: () => true,
  markCodes() {},
  close() {},
}

function columnsOf(fields: Parameters<typeof schemaOf>[0], { maxCodes }: EvaluationContext): readonly InputColumn[] {
  const { fields: columns } = schemaOf(fields)
  const dictionaries = dictionariesOf(columns, maxCodes * 2)
  return columns.map(({ name, type }, i) => ({ name, type, dictionary: dictionaries[i] }))
}

/** The head of a chain that is done by workers: sends what comes to the workers, and looks after what comes back. */
class Scatter implements Operator {
  readonly name = 'scatter'
  readonly #pool: WorkerPool
  readonly #input: FrameRing
  readonly #listener: ThreadListener
  readonly #clock: Clock
  readonly #sender: BatchSender
  readonly #gather: Gather
  /** Rows sent and not yet worked on by all, with the position behind them. */
  #sent: { readonly position: number; readonly rows: number }[] = []
  /** Rows sent before the workers were started anew. */
  #sentBefore = 0
  readonly restarts: Restarts | undefined
  /** What is not done yet. */
  #open: (() => boolean) | undefined
  /** Requests made so far. */
  #asked = 0
  #isLookingOut = false
  #armedFor = Number.POSITIVE_INFINITY
  #disarm: (() => void) | undefined
  readonly #sendRows = (): boolean => this.#withSpace(() => this.#sender.send())
  readonly #look: TimedStage = {
    timerDue: () => {
      this.#isLookingOut = false
      return this.#pump()
    },
  }
  readonly #tick: TimedStage = {
    timerDue: atMs => this.#do(() => this.#tell(FRAME.tick, 0, Math.max(atMs, this.#clock.now()))),
  }

  constructor(
    columns: readonly InputColumn[],
    workers: readonly GatheredWorker[],
    parts: {
      readonly context: EvaluationContext
      readonly pool: WorkerPool
      readonly input: FrameRing
      readonly listener: ThreadListener
      readonly clock: Clock
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
    this.#sender = new BatchSender({
      ring: input,
      stream: 0,
      context,
      columns,
      sendsAllTexts: true,
      inputs: parts.inputs,
    })
    this.#gather = new Gather(workers, context, atMs => this.#arm(atMs))
    pool.onCall = () => this.#called()
    const { restart, states, delays, clock: streamClock } = parts
    this.restarts =
      restart &&
      new Restarts(restart, {
        pool,
        input,
        gather: this.#gather,
        states,
        clock: delays,
        streamClock,
        texts: () => this.#sender.knownTexts(),
        between: () => this.#startOver(),
        ready: () => this.#called(),
      })
  }

  process(batch: RecordBatch): boolean {
    const rows = batch.selectedCount
    this.#sender.start(batch, this.#clock.now())
    return this.#do(() => {
      if (!this.#sendRows()) return false
      this.#sent.push({ position: this.#input.tail, rows })
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
    return this.#do(() => this.#tell(FRAME.inputEnd, input, 0))
  }

  /** Sends a barrier behind everything sent so far. */
  barrier(id: number, aligned: () => boolean): boolean {
    return this.#do(() => this.#sendBarrier(id, aligned))
  }

  #sendBarrier(id: number, aligned: () => boolean): boolean {
    this.#gather.atBarrier(id, () => {
      this.restarts?.aligned(id)
      return aligned()
    })
    if (!this.#tell(FRAME.barrier, 0, id)) return false
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
    if (!this.#pump()) return false
    if (this.#open === undefined) return true
    if (!this.#open()) return false
    this.#open = undefined
    return true
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#gather.markCodes(dictionary, mark)
  }

  close(): void {
    this.#disarm?.()
    this.#pool.onCall = () => {}
    void this.#pool.close()
    this.#sender.close()
    this.#gather.close()
  }

  /** A worker says that there is something to look at. */
  #called(): void {
    this.#isLookingOut = true
    this.#listener.ready()
    if (this.#isLookingOut) this.#listener.timerDue(this.#look, this.#clock.now())
  }

  #pump(): boolean {
    this.#isLookingOut = false
    const isSent = this.#isSentAgain()
    const isThrough = this.#gather.pump()
    if (isSent) this.#countSent()
    return isSent && isThrough
  }

  #do(step: () => boolean): boolean {
    if (step()) return true
    this.#open = step
    return false
  }

  #ask(kind: number): boolean {
    const number = ++this.#asked
    let isSent = false
    return this.#do(() => {
      isSent ||= this.#tell(kind, number, 0)
      return isSent && this.#pump() && this.#gather.isDone(number)
    })
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
    if (this.#sentBefore > 0) this.#sent.unshift({ position: this.#input.tail, rows: this.#sentBefore })
    this.#sentBefore = 0
    return true
  }

  /** The workers are started anew: what was sent and not worked on is to be sent once more. */
  #startOver(): void {
    for (const { rows } of this.#sent) this.#sentBefore += rows
    this.#sent = []
  }

  #countSent(): void {
    const { slowest } = this.#input
    let rows = 0
    while (this.#sent.length > 0 && ((slowest - this.#sent[0]!.position) | 0) >= 0) rows += this.#sent.shift()!.rows
    if (rows > 0) this.#listener.batchDone(rows, 0)
  }

  /** Has the clock send a turn: the workers have none. */
  #arm(atMs: number): void {
    if (atMs === this.#armedFor) return
    this.#disarm?.()
    this.#disarm = undefined
    this.#armedFor = atMs
    if (atMs === Number.POSITIVE_INFINITY) return
    const delayMs = Math.min(atMs - this.#clock.now(), LONGEST_DELAY_MS)
    this.#disarm = this.#clock.after(delayMs, () => {
      this.#armedFor = Number.POSITIVE_INFINITY
      if (this.#clock.now() < atMs) this.#arm(atMs)
      else this.#listener.timerDue(this.#tick, atMs)
    })
  }
}

/** Timers of runtimes hold their delay in 31 bits, and fire at once beyond. */
const LONGEST_DELAY_MS = 2 ** 31 - 1
