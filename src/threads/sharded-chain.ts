import { dictionariesOf } from '../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import { buildChain } from '../operators/build-chain.ts'
import type { Chain, ChainParts, OperatorCounts } from '../operators/chain.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import type { TimedStage } from '../operators/stage-timers.ts'
import { timeBehind } from '../operators/time-of-rows.ts'
import type { LogicalNode } from '../plan/logical-node.ts'
import { schemaOf } from '../plan/plan-scope.ts'
import type { ShardPlan } from '../plan/shard-plan.ts'
import type { Clock } from '../time/clock.ts'
import { BatchSender } from './batch-sender.ts'
import { FRAME } from './frames.ts'
import { Gather, type GatheredStream } from './gather.ts'
import type { ShardLinks } from './shard-links.ts'
import { stepsElsewhere } from './steps-elsewhere.ts'

/** Who is told what happens at the links. */
export interface ShardListener {
  ready(): void
  timerDue(stage: TimedStage, atMs: number): void
  batchDone(rows: number, busyNs: number): void
}

/**
 * Makes the chain of a job whose plan was taken apart: its head sends every batch to all workers, and what these put out
 * goes through the steps that are done over all keys together, in this thread.
 */
export function shardedChain(
  plan: ShardPlan,
  links: ShardLinks,
  listener: ShardListener,
  clock: Clock,
): (nodes: readonly LogicalNode[], columns: readonly InputColumn[], parts: ChainParts) => Chain {
  return (nodes, columns, parts) => {
    const { context } = parts
    const { shape, cells } = links
    const ends = shape.streams.map(({ branch, fields }) => ({ branch, columns: columnsOf(fields, context) }))
    const results = ends.findIndex(({ branch }) => branch === undefined)
    const steps = plan.sharded.nodes.length
    const rest = buildChain(nodes.slice(steps), ends[results]!.columns, {
      ...parts,
      inputs: undefined,
      time: timeBehind(nodes.slice(0, steps)),
    })
    const streams: GatheredStream[] = ends.map(({ branch, columns }) => ({
      columns,
      to: branch === undefined ? rest.head : parts.sink(columns, branch),
    }))
    const head = new Scatter(columns, streams, results, { context, links, listener, clock, inputs: parts.inputs })
    const elsewhere = stepsElsewhere(shape, cells, plan.partitioning.before)
    const operatorsOf = new Map<LogicalNode, readonly OperatorCounts[]>(rest.operatorsOf)
    for (const [i, node] of nodes.slice(0, steps).entries())
      operatorsOf.set(
        node,
        elsewhere.operators.filter((_, at) => shape.operators[at]!.step === i),
      )
    return {
      ...rest,
      stateful: [{ id: 'shards', shape: '', operator: undefined }],
      head,
      operators: [...elsewhere.operators, ...rest.operators],
      operatorsOf,
      eventTimes: [...elsewhere.eventTimes, ...rest.eventTimes],
      windows: [...elsewhere.windows, ...rest.windows],
      dictionaries: columns.flatMap(({ dictionary }) => dictionary ?? []),
      endInput: input => head.endInput(input),
      elsewhere: { policies: elsewhere.policies, settle: () => head.settle(), gone: links.gone },
    }
  }
}

function columnsOf(fields: Parameters<typeof schemaOf>[0], { maxCodes }: EvaluationContext): readonly InputColumn[] {
  const { fields: columns } = schemaOf(fields)
  // What the workers hold, and what the steps behind do.
  const dictionaries = dictionariesOf(columns, maxCodes * 2)
  return columns.map(({ name, type }, i) => ({ name, type, dictionary: dictionaries[i] }))
}

/** The head of a sharded chain: sends what comes to the workers, and looks after what comes back. */
class Scatter implements Operator {
  readonly name = 'scatter'
  readonly #links: ShardLinks
  readonly #listener: ShardListener
  readonly #clock: Clock
  readonly #sender: BatchSender
  readonly #gather: Gather
  /** Rows sent and not yet worked on by all, with the position behind them. */
  readonly #sent: { readonly position: number; readonly rows: number }[] = []
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
    streams: readonly GatheredStream[],
    results: number,
    parts: {
      readonly context: EvaluationContext
      readonly links: ShardLinks
      readonly listener: ShardListener
      readonly clock: Clock
      readonly inputs: ChainParts['inputs']
    },
  ) {
    const { context, links } = parts
    this.#links = links
    this.#listener = parts.listener
    this.#clock = parts.clock
    this.#sender = new BatchSender({
      ring: links.input,
      stream: 0,
      memory: context.arena.memory,
      columns,
      keepsTexts: true,
      inputs: parts.inputs,
    })
    this.#gather = new Gather({ rings: links.outputs, streams, results, context, onTimer: atMs => this.#arm(atMs) })
    links.onCall = () => this.#called()
  }

  process(batch: RecordBatch): boolean {
    const rows = batch.selectedCount
    this.#sender.start(batch, this.#clock.now())
    return this.#do(() => {
      if (!this.#sendRows()) return false
      this.#sent.push({ position: this.#links.input.tail, rows })
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
    this.#links.onCall = () => {}
    void this.#links.close()
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
    const isThrough = this.#gather.pump()
    this.#countSent()
    return isThrough
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
    const ring = this.#links.input
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
    if (send()) return true
    this.#links.input.callForSpace()
    return send()
  }

  #countSent(): void {
    const { slowest } = this.#links.input
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
