import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import { BatchReceiver, StreamTexts } from './batch-receiver.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'

/** Frames taken from one ring before the next has its turn. */
const TURN_FRAMES = 16

/** One of the streams that come back from the workers, and where it goes on. */
export interface GatheredStream {
  readonly columns: readonly InputColumn[]
  readonly to: Operator
}

/**
 * Takes what the workers put out back into one thread: rows as they come, which keeps the order of each key; a watermark
 * once all have reached it. Never waits: a ring is emptied as far as the sinks take rows.
 */
export class Gather {
  /** The last request all of a worker's answers are there for, by worker. */
  readonly #done: number[]
  readonly #watermarks: number[]
  readonly #timers: number[]
  readonly #rings: readonly FrameRing[]
  readonly #streams: readonly {
    readonly receiver: BatchReceiver
    readonly to: Operator
    /** By worker. */
    readonly texts: readonly StreamTexts[]
  }[]
  readonly #results: number
  readonly #onTimer: (atMs: number) => void
  #watermark = Number.NEGATIVE_INFINITY
  /** What took a batch and can take no more. */
  #full: Operator | undefined

  constructor(parts: {
    readonly rings: readonly FrameRing[]
    readonly streams: readonly GatheredStream[]
    /** The number of the stream of results: the one that watermarks are about. */
    readonly results: number
    readonly context: EvaluationContext
    /** Some worker waits for the clock: at the earliest for this instant. */
    readonly onTimer: (atMs: number) => void
  }) {
    const { rings, context } = parts
    this.#rings = rings
    this.#results = parts.results
    this.#onTimer = parts.onTimer
    this.#done = rings.map(() => 0)
    this.#watermarks = rings.map(() => Number.NEGATIVE_INFINITY)
    this.#timers = rings.map(() => Number.POSITIVE_INFINITY)
    this.#streams = parts.streams.map(({ columns, to }) => ({
      receiver: new BatchReceiver(columns, context, { rows: context.maxBatch }),
      to,
      texts: rings.map(() => new StreamTexts(columns, context)),
    }))
  }

  /** Whether every worker has done what request `number` asked for. */
  isDone(number: number): boolean {
    return this.#done.every(done => done >= number)
  }

  /** Takes everything that is there. False: the sinks can take no more. */
  pump(): boolean {
    if (this.#full !== undefined && !this.#full.resume()) return false
    this.#full = undefined
    for (let isLeft = true; isLeft; ) {
      isLeft = false
      for (let worker = 0; worker < this.#rings.length; worker++) {
        for (let frame = 0; frame < TURN_FRAMES; frame++) {
          if (!this.#take(worker)) break
          if (this.#full !== undefined) return false
          isLeft = true
        }
      }
      // A frame that came after the look at its ring would be told by no message.
      if (!isLeft) for (const ring of this.#rings) isLeft = !ring.callForFrame(0) || isLeft
    }
    return true
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    for (const { receiver, to } of this.#streams) {
      receiver.markCodes(dictionary, mark)
      to.markCodes(dictionary, mark)
    }
  }

  close(): void {
    for (const { receiver, texts, to } of this.#streams) {
      receiver.close()
      for (const each of texts) each.close()
      to.close()
    }
  }

  /** Takes one frame of a worker. False: there is none. */
  #take(worker: number): boolean {
    const ring = this.#rings[worker]!
    const offset = ring.poll(0)
    if (offset < 0) return false
    const { kind, a } = ring
    const value = ring.f64[offset >>> 3]!
    if (kind === FRAME.rows) {
      const { receiver, texts, to } = this.#streams[a]!
      const batch = receiver.read(ring, offset, texts[worker]!)
      ring.release(0)
      if (!to.process(batch)) this.#full = to
      return true
    }
    if (kind === FRAME.pack) this.#streams[a]!.texts[worker]!.add(ring, offset)
    else if (kind === FRAME.done) this.#done[worker] = a
    else if (kind === FRAME.timer) this.#timers[worker] = value
    else if (kind === FRAME.watermark) this.#watermarks[worker] = value
    ring.release(0)
    if (kind === FRAME.timer) this.#onTimer(Math.min(...this.#timers))
    else if (kind === FRAME.watermark) this.#tell()
    return true
  }

  /** The watermark is that of the slowest. */
  #tell(): void {
    const watermark = Math.min(...this.#watermarks)
    if (watermark <= this.#watermark) return
    this.#watermark = watermark
    const { to } = this.#streams[this.#results]!
    if (!to.advanceWatermark(watermark)) this.#full = to
  }
}
