import type { BatchView } from '../memory/batch-view.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import { BatchReceiver, StreamTexts } from './batch-receiver.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'
import { OrderedMerge } from './ordered-merge.ts'

/** Frames taken from one ring before the next has its turn. */
const TURN_FRAMES = 16

/** Rows that come back, and where they go on. Several workers may put out the same. */
export interface GatheredStream {
  readonly columns: readonly InputColumn[]
  readonly to: Operator
  /** Whether rows go on in the order of their windows' ends, those of one end worker by worker, and the watermark of all with them. */
  readonly isOrdered?: boolean
  /** Set where each row has a record of a window's first half, with so many bytes. */
  readonly recordBytes?: number | undefined
  /** Set where rows of all workers are put into one order: by which columns, and which of them go on. */
  readonly merged?: { readonly by: readonly number[]; readonly visible: readonly InputColumn[] } | undefined
}

/** One worker as the thread sees it that takes what it puts out. */
export interface GatheredWorker {
  readonly ring: FrameRing
  /** By the numbers of its streams. */
  readonly streams: readonly GatheredStream[]
  /** Whether it answers requests: the last stage does. */
  readonly answers: boolean
}

interface Source extends GatheredWorker {
  /** Which of the workers it is. */
  readonly worker: number
  texts: readonly StreamTexts[]
  /** The last request all is done of. */
  done: number
  /** When its clock is waited for; +Infinity: it isn't. */
  timerMs: number
  /** How far it says it is; nothing that ends there or before comes any more. */
  watermark: number
  /** The end of the rows that come next, where these wait for others; +Infinity: none do. */
  waitingEnd: number
  /** Whether the next of what it puts out is behind a barrier that others haven't come to yet. */
  isAtBarrier: boolean
  /** By stream: rows taken so far, and how many of the next were taken before. */
  readonly taken: number[]
  readonly again: number[]
}

/** By worker and stream: rows taken. */
export type TakenRows = readonly (readonly number[])[]

/**
 * Takes what the workers put out back into one thread, as it comes: that keeps the order of each key. Never waits: rings
 * are emptied as far as the sinks take rows.
 */
export class Gather {
  readonly #sources: readonly Source[]
  readonly #receivers = new Map<GatheredStream, BatchReceiver>()
  readonly #merges = new Map<GatheredStream, OrderedMerge>()
  readonly #onTimer: (atMs: number) => void
  readonly #context: EvaluationContext
  /** What took a batch and can take no more. */
  #full: { resume(): boolean } | undefined
  #watermark = Number.NEGATIVE_INFINITY
  /** Whether rows of a worker have begun to wait: those of one that was asked before may be the next now. */
  #othersMayBeNext = false
  /** What is to be done when all have come to the barrier. */
  #aligned = new Map<number, () => boolean>()

  /** @param onTimer Some worker waits for the clock: at the earliest for this instant. */
  constructor(workers: readonly GatheredWorker[], context: EvaluationContext, onTimer: (atMs: number) => void) {
    this.#onTimer = onTimer
    this.#context = context
    this.#sources = workers.map((each, worker) => ({
      ...each,
      worker,
      texts: textsOf(each, context),
      done: 0,
      timerMs: Number.POSITIVE_INFINITY,
      watermark: Number.NEGATIVE_INFINITY,
      waitingEnd: Number.POSITIVE_INFINITY,
      isAtBarrier: false,
      taken: each.streams.map(() => 0),
      again: each.streams.map(() => 0),
    }))
    for (const stream of new Set(workers.flatMap(({ streams }) => streams))) {
      const { columns, merged, recordBytes } = stream
      if (merged === undefined)
        this.#receivers.set(stream, new BatchReceiver(columns, context, { rows: context.maxBatch, recordBytes }))
      else this.#merges.set(stream, this.#mergeOf(stream, merged, workers.length))
    }
  }

  /** Whether all has come back of what request `number` was about. */
  isDone(number: number): boolean {
    return this.#sources.every(({ answers, done }) => !answers || done >= number)
  }

  /** Takes everything that is there. False: the sinks can take no more. */
  pump(): boolean {
    if (this.#full !== undefined && !this.#full.resume()) return false
    this.#full = undefined
    for (let isLeft = true; isLeft; ) {
      isLeft = false
      this.#othersMayBeNext = false
      for (const source of this.#sources) {
        for (let frame = 0; frame < TURN_FRAMES && this.#take(source); frame++) {
          if (this.#full !== undefined) return false
          isLeft = true
        }
        if (this.#full !== undefined) return false
      }
      isLeft ||= this.#othersMayBeNext
      // A frame that came after the look at its ring would be told by no message.
      if (!isLeft)
        for (const source of this.#sources) isLeft = (!this.#isHeldUp(source) && !source.ring.callForFrame()) || isLeft
    }
    return this.#flush()
  }

  /**
   * Has something done when everything is taken that workers put out in front of a barrier, and nothing that is behind it.
   * False of `aligned`: the sinks can take no more, and all of them are asked to go on.
   */
  atBarrier(id: number, aligned: () => boolean): void {
    this.#aligned.set(id, aligned)
  }

  /** Rows taken from each so far. */
  taken(): TakenRows {
    return this.#sources.map(({ taken }) => taken.slice())
  }

  /** Workers begin once more where these had been taken: those they gave since are passed over. */
  restart(since: TakenRows | undefined): void {
    this.#sources.forEach((source, worker) => {
      for (const each of source.texts) each.close()
      source.texts = textsOf(source, this.#context)
      // Who had done what is asked for does it once more: nothing is over before.
      source.done = 0
      source.isAtBarrier = false
      source.waitingEnd = Number.POSITIVE_INFINITY
      source.timerMs = Number.POSITIVE_INFINITY
      source.taken.forEach((rows, stream) => {
        source.again[stream] = rows - (since?.[worker]?.[stream] ?? 0)
      })
      source.ring.callForFrame()
    })
    for (const merge of this.#merges.values()) merge.restart()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    for (const [{ to }, receiver] of this.#receivers) {
      receiver.markCodes(dictionary, mark)
      to.markCodes(dictionary, mark)
    }
    for (const [{ to }, merge] of this.#merges) {
      merge.markCodes(dictionary, mark)
      to.markCodes(dictionary, mark)
    }
  }

  close(): void {
    for (const { texts } of this.#sources) for (const each of texts) each.close()
    for (const [{ to }, receiver] of this.#receivers) {
      receiver.close()
      to.close()
    }
    for (const [{ to }, merge] of this.#merges) {
      merge.close()
      to.close()
    }
  }

  /** Takes one frame of a worker. False: there is none. */
  #take(source: Source): boolean {
    const { ring, streams, texts } = source
    if (source.isAtBarrier || this.#waitsForOthers(source)) return false
    const offset = ring.poll(0)
    if (offset < 0) return false
    const { kind, a } = ring
    if (kind === FRAME.rows) {
      const stream = streams[a]!
      const merge = this.#merges.get(stream)
      if (merge !== undefined) return this.#takeInto(merge, source, offset)
      const end = ring.f64[offset >>> 3]!
      if (stream.isOrdered === true && !this.#isNext(source, end)) return false
      if (stream.recordBytes !== undefined && !this.#hasFired(source, end)) return false
      const receiver = this.#receivers.get(stream)!
      const batch = receiver.read(ring, offset, texts[a]!)
      ring.release(0)
      if (this.#isNew(source, a, batch, receiver) && !stream.to.process(batch)) this.#full = stream.to
      return true
    }
    // What has been put in order goes on before what is behind it. Until it has, the frame stays where it is.
    if (kind === FRAME.watermark && !this.#mergeUpTo(source, ring.f64[offset >>> 3]!)) return false
    if (kind === FRAME.barrier && !this.#flush()) return false
    if (kind === FRAME.pack) texts[a]!.add(ring, offset)
    else if (kind === FRAME.done) source.done = a
    else if (kind === FRAME.timer) source.timerMs = ring.f64[offset >>> 3]!
    const value = ring.f64[offset >>> 3]!
    ring.release(0)
    if (kind === FRAME.barrier) this.#meet(source, value)
    if (kind === FRAME.watermark) this.#follow(source, value)
    if (kind === FRAME.timer) this.#onTimer(Math.min(...this.#sources.map(({ timerMs }) => timerMs)))
    return true
  }

  /** Takes a frame of rows that are put in order. */
  #takeInto(merge: OrderedMerge, source: Source, offset: number): boolean {
    const { ring, texts, again, worker } = source
    const stream = ring.a
    const known = Math.min(again[stream]!, ring.b)
    again[stream]! -= known
    merge.take(worker, { ring, offset, texts: texts[stream]! }, known)
    ring.release(0)
    if (!merge.merge()) this.#full = this.#endOf(merge)
    return true
  }

  /** Lets rows go on that waited for a worker to get so far. False: the sinks can take no more. */
  #mergeUpTo({ worker, streams }: Source, watermark: number): boolean {
    for (const stream of streams) {
      const merge = this.#merges.get(stream)
      if (merge === undefined) continue
      merge.follow(worker, watermark)
      if (merge.merge() && (stream.isOrdered !== true || merge.flush())) continue
      this.#full = stream.to
      return false
    }
    return true
  }

  /** Sends on what has been put in order. False: the sinks can take no more. */
  #flush(): boolean {
    for (const [{ to }, merge] of this.#merges) {
      if (merge.flush()) continue
      this.#full = to
      return false
    }
    return true
  }

  #mergeOf(
    stream: GatheredStream,
    { by, visible }: NonNullable<GatheredStream['merged']>,
    workers: number,
  ): OrderedMerge {
    const taken = (worker: number, rows: number): void => {
      const source = this.#sources[worker]!
      source.taken[source.streams.indexOf(stream)]! += rows
    }
    const { columns, to } = stream
    return new OrderedMerge({ workers, columns, by, visible, to, context: this.#context, taken })
  }

  #endOf(merge: OrderedMerge): Operator {
    return [...this.#merges].find(([, each]) => each === merge)![0].to
  }

  #waitsForOthers({ worker, streams }: Source): boolean {
    return streams.some(stream => this.#merges.get(stream)?.waits(worker) === true)
  }

  /** Whether nothing can be taken of a worker before something is of another. */
  #isHeldUp(source: Source): boolean {
    return source.isAtBarrier || source.waitingEnd !== Number.POSITIVE_INFINITY || this.#waitsForOthers(source)
  }

  /** Whether rows of a window's end are the next of all; if not, they wait. Those of one end come worker by worker. */
  #isNext(source: Source, end: number): boolean {
    this.#othersMayBeNext ||= source.waitingEnd !== end
    source.waitingEnd = end
    for (const { worker, watermark, waitingEnd } of this.#sources) {
      const isBehind = end > waitingEnd || (end === waitingEnd && worker < source.worker)
      if (isBehind || (waitingEnd === Number.POSITIVE_INFINITY && end > watermark + 1)) return false
    }
    source.waitingEnd = Number.POSITIVE_INFINITY
    return true
  }

  /** Whether the window of an end has fired, here; if not, records wait that are of rows which came behind that. */
  #hasFired(source: Source, end: number): boolean {
    const hasFired = end <= this.#watermark + 1
    source.waitingEnd = hasFired ? Number.POSITIVE_INFINITY : end
    return hasFired
  }

  /** A worker says how far it is: the steps behind are told how far all are. */
  #follow(source: Source, watermark: number): void {
    source.watermark = Math.max(source.watermark, watermark)
    const least = Math.min(...this.#sources.map(each => each.watermark))
    if (least <= this.#watermark) return
    this.#watermark = least
    const to = source.streams.find(({ isOrdered, recordBytes }) => isOrdered || recordBytes !== undefined)?.to
    if (to?.advanceWatermark(least) === false) this.#full = to
  }

  /** A worker has come to a barrier: nothing is taken from it until all have. */
  #meet(source: Source, id: number): void {
    source.isAtBarrier = true
    if (!this.#sources.every(({ isAtBarrier }) => isAtBarrier)) return
    for (const each of this.#sources) each.isAtBarrier = false
    const aligned = this.#aligned.get(id)
    this.#aligned.delete(id)
    if (aligned === undefined || aligned()) return
    const ends = [...this.#receivers.keys(), ...this.#merges.keys()].map(({ to }) => to)
    this.#full = { resume: () => ends.every(to => to.resume()) }
  }

  /** Leaves of a batch the rows that were not taken before. False: there are none. */
  #isNew({ taken, again }: Source, stream: number, { length }: BatchView, receiver: BatchReceiver): boolean {
    const known = Math.min(again[stream]!, length)
    again[stream]! -= known
    taken[stream]! += length - known
    if (known > 0) receiver.passOver(known)
    return known < length
  }
}

const textsOf = ({ streams }: GatheredWorker, context: EvaluationContext): StreamTexts[] =>
  streams.map(({ columns }) => new StreamTexts(columns, context))
