import type { ColumnsElsewhere } from '../memory/column-writer.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import { SAID_BY_KERNELS } from '../memory/lendable-columns.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { ChainParts } from '../operators/chain.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { EventTimeOperator } from '../operators/event-time/event-time.ts'
import type { LentRows } from '../operators/lending.ts'
import type { Operator } from '../operators/operator.ts'
import type { Clock } from '../time/clock.ts'
import { BatchSender } from './batch-sender.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'
import { Gather, type GatheredWorker } from './gather.ts'
import { sendLent } from './lent-frame.ts'
import { Lookout, type ThreadListener } from './lookout.ts'
import { LentRuns, nextHand, type Shares } from './next-hand.ts'
import { OpenStep } from './open-step.ts'
import { SentRows } from './sent-rows.ts'
import { afterThis } from './wake-ups.ts'
import type { WorkerMemory } from './worker-memory.ts'
import type { WorkerPool } from './worker-pool.ts'

/** One worker as it is dealt to. */
interface Hand {
  readonly ring: FrameRing
  readonly sender: BatchSender
  readonly sent: SentRows
  /** Its memory, where its ring is a part of that. */
  readonly place: WorkerMemory | undefined
  /** Whether it knows where the watermarks stand. */
  isTold: boolean
}

/**
 * Deals batches out to workers, and looks after what comes back. Each batch goes to one of them, and with it where
 * the watermarks stood before, so that each row meets the watermark it meets on one thread; the others are told where they
 * stand when what is happening on this thread is over.
 */
export class Dealer implements Operator {
  readonly name = 'deal'
  readonly #pool: WorkerPool
  readonly #hands: readonly Hand[]
  readonly #listener: ThreadListener
  readonly #lookout: Lookout
  readonly #open = new OpenStep()
  readonly #gather: Gather
  readonly #shares: Shares
  readonly #runs: LentRuns<Hand>
  #eventTime!: EventTimeOperator
  #time = 0
  /** Where the watermarks stood before the batch at hand. */
  #before = new Float64Array(0)
  /** Whether the batch at hand may still go to any of them: none must know where it leads the watermarks. */
  #isNobodys = false
  #asked = 0
  #isTellingLater = false
  #isClosed = false

  constructor(
    columns: readonly InputColumn[],
    workers: readonly GatheredWorker[],
    parts: {
      readonly context: EvaluationContext
      readonly pool: WorkerPool
      readonly rings: readonly FrameRing[]
      /** Their memories; undefined: their rings are no part of these. */
      readonly places: readonly (WorkerMemory | undefined)[]
      readonly shares: Shares
      readonly listener: ThreadListener
      readonly clock: Clock
      readonly inputs: ChainParts['inputs']
    },
  ) {
    const { context, pool, rings, places, inputs } = parts
    this.#pool = pool
    this.#listener = parts.listener
    this.#shares = parts.shares
    this.#lookout = new Lookout(parts.listener, parts.clock, () => this.#pump())
    this.#hands = rings.map((ring, worker) => ({
      ring,
      place: places[worker],
      sender: new BatchSender({
        ring,
        stream: 0,
        context,
        columns,
        sendsAllTexts: true,
        senders: rings.length,
        inputs,
      }),
      sent: new SentRows(),
      isTold: true,
    }))
    this.#runs = new LentRuns(this.#hands, parts.shares)
    this.#gather = new Gather(workers, context, () => {})
    pool.onCall = () => this.#lookout.called()
  }

  /** Whose watermarks the workers follow, and the column of its times. Before the first batch. */
  follow(eventTime: EventTimeOperator, time: number): void {
    this.#eventTime = eventTime
    this.#time = time
    this.#before = new Float64Array(eventTime.standLength)
  }

  /** A batch is about to move the watermarks on. */
  beforeBatch(): void {
    this.#eventTime.writeStand(this.#before, 0)
  }

  process(batch: RecordBatch): boolean {
    let hand: Hand | undefined
    let isStandSent = false
    this.#isNobodys = true
    return this.#open.do(() => {
      hand ??= this.#startWith(batch)
      if (hand === undefined) return false
      const { ring, sender, sent } = hand
      isStandSent ||= this.#send(hand, each => this.#sendStand(each, this.#before))
      if (!isStandSent || !this.#send(hand, () => sender.send())) return false
      sent.add(ring.tail, batch.selectedCount)
      return true
    })
  }

  /** Whether there may be rows `takeColumns` takes. */
  get takesColumns(): boolean {
    return this.#eventTime.goesByLatest && this.#hands.every(({ place }) => place !== undefined)
  }

  /** Has rows written into the frame they are worked on in. False: none is sent. */
  takeColumns(rows: number, write: (to: ColumnsElsewhere) => boolean): boolean {
    const hand = nextHand(this.#hands, this.#shares)
    if (hand?.sender.canPlace(rows) !== true) return false
    const { ring, sender, sent, place } = hand
    const { memory, kernels } = place!
    this.beforeBatch()
    if (!this.#sendStand(hand, this.#before)) return false
    hand.isTold = true
    const frame = sender.place(rows)
    if (frame === undefined || !write({ ...frame, memory, kernels })) return false
    // Where the numbers in front of the columns stand later.
    kernels.rangeF64(frame.values[this.#time]!, 0, 0, rows, frame.at)
    const latest = memory.f64[(frame.at >>> 3) + 1]!
    sender.sendPlaced(frame, rows)
    sent.add(ring.tail, rows)
    this.#eventTime.lead(rows, latest)
    this.#standChanged(hand)
    return true
  }

  /** Lends rows to a worker: see `Lending`. */
  lend({ rows, shared, columns, taken }: LentRows): 'taken' | 'full' | 'refused' {
    this.#countSent()
    const hand = this.#runs.next() ?? this.#whenHalfway()
    if (hand === undefined) return 'full'
    const { ring, sender, sent } = hand
    if (!sender.isQuiet) return 'refused'
    const where = columns()
    if (where === undefined) return 'refused'
    const { memory, kernels, number } = shared
    kernels.rangeF64(where[this.#time]!.at, 0, 0, rows, SAID_BY_KERNELS)
    const latest = memory.f64[(SAID_BY_KERNELS >>> 3) + 1]!
    if (!this.#tellStand(hand)) return 'refused'
    if (!sendLent(ring, { memory: number, rows, columns: where }, this.#time, latest)) return 'refused'
    sent.add(ring.tail, rows, taken())
    this.#runs.lent(rows)
    // It is worth waking by its rows: its ring is as good as empty.
    if (sent.rows >= this.#shares.mostLent * this.#shares.enough) ring.wakeConsumers()
    this.#eventTime.lead(rows, latest)
    this.#standChanged(hand)
    return 'taken'
  }

  /** Asks for a message when a worker is through with half of what it has; or somebody has room again meanwhile. */
  #whenHalfway(): Hand | undefined {
    for (const { ring, sent } of this.#hands) ring.callForSpace(sent.halfway)
    this.#countSent()
    return this.#runs.next()
  }

  /** The end of the input: everything comes back before it is done. */
  advanceWatermark(watermark: number): boolean {
    return watermark === Number.POSITIVE_INFINITY ? this.#ask(FRAME.end) : true
  }

  /** The watermarks were moved on by something else than a batch. */
  standChanged(): void {
    this.#standChanged(undefined)
  }

  /** Sends a barrier behind everything sent so far. */
  barrier(id: number, aligned: () => boolean): boolean {
    const left = new Set(this.#hands)
    return this.#open.do(() => {
      if (!this.#tellAll(left, FRAME.barrier, 0, id)) return false
      this.#gather.atBarrier(id, aligned)
      return true
    })
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
    this.#isClosed = true
    this.#pool.onCall = () => {}
    // Until they are gone workers may read what is lent.
    void this.#pool.close().then(() => {
      for (const { sent } of this.#hands) sent.takeAll()
    })
    for (const { sender } of this.#hands) sender.close()
    this.#gather.close()
  }

  #pump(): boolean {
    this.#lookout.looked()
    const isThrough = this.#gather.pump()
    this.#countSent()
    if (!this.#isTellingLater) this.#tellStands()
    return isThrough
  }

  /** Turns the next worker to a batch; undefined: none has room, and all are asked for a message. */
  #startWith(batch: RecordBatch): Hand | undefined {
    let hand = nextHand(this.#hands, this.#shares)
    if (hand === undefined) {
      for (const { ring } of this.#hands) ring.callForSpace()
      // Room may have been made before it was asked for.
      hand = nextHand(this.#hands, this.#shares)
      // What they have to wait for may hang on others that don't know yet.
      if (hand === undefined) this.#tellStands()
      if (hand === undefined) return undefined
    }
    this.#isNobodys = false
    hand.sender.start(batch, 0)
    this.#standChanged(hand)
    // Nothing it is told may get in before the rows.
    hand.isTold = true
    return hand
  }

  #ask(kind: number): boolean {
    const number = ++this.#asked
    const left = new Set(this.#hands)
    return this.#open.do(() => this.#tellAll(left, kind, number, 0) && this.#pump() && this.#gather.isDone(number))
  }

  /** Tells those that are left something; false: some of them have no room. */
  #tellAll(left: Set<Hand>, kind: number, a: number, value: number): boolean {
    for (const hand of left) {
      const isSent =
        this.#tellStand(hand) &&
        this.#send(hand, ({ ring }) => {
          const offset = ring.claim(8)
          if (offset < 0) return false
          ring.f64[offset >>> 3] = value
          ring.publish(kind, a, 0)
          return true
        })
      if (isSent) left.delete(hand)
    }
    return left.size === 0
  }

  /** Tries again after asking for a message: room may have been made before it was asked for. */
  #send(hand: Hand, send: (hand: Hand) => boolean): boolean {
    if (send(hand)) return true
    hand.ring.callForSpace()
    if (send(hand)) return true
    // What it has to wait for may hang on others that don't know yet.
    this.#tellStands()
    return false
  }

  #standChanged(known: Hand | undefined): void {
    for (const hand of this.#hands) if (hand !== known) hand.isTold = false
    if (this.#isTellingLater || (known !== undefined && this.#hands.length === 1)) return
    this.#isTellingLater = true
    afterThis(() => {
      this.#isTellingLater = false
      if (!this.#isClosed) this.#tellStands()
    })
  }

  #tellStands(): void {
    for (const hand of this.#hands) if (!hand.isTold) this.#tellStand(hand)
  }

  #tellStand(hand: Hand): boolean {
    if (hand.isTold) return true
    const stand = this.#isNobodys ? this.#before : undefined
    if (!this.#sendStand(hand, stand)) {
      hand.ring.callForSpace()
      if (!this.#sendStand(hand, stand)) return false
    }
    hand.isTold = true
    return true
  }

  /** @param stand Where the watermarks stood; undefined: where they are now. */
  #sendStand({ ring }: Hand, stand: Float64Array | undefined): boolean {
    const offset = ring.claim(this.#before.length * 8)
    if (offset < 0) return false
    if (stand === undefined) this.#eventTime.writeStand(ring.f64, offset >>> 3)
    else ring.f64.set(stand, offset >>> 3)
    ring.publish(FRAME.stand, 0, 0)
    return true
  }

  #countSent(): void {
    let rows = 0
    for (const { ring, sent } of this.#hands) rows += sent.takeThrough(ring.slowest)
    if (rows === 0 || this.#isClosed) return
    this.#listener.batchDone(rows, 0)
    // Who waits goes on when the job is between two batches.
    queueMicrotask(() => this.#listener.spaceFreed())
  }
}
