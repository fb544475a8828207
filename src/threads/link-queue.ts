import { backpressure } from '../errors.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { RowRing } from '../memory/row-ring.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import { systemClock } from '../time/clock.ts'
import { BatchSender } from './batch-sender.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'
import { LINK_CELLS, LinkCell } from './link-cells.ts'
import { CLOCK, LinkMarks } from './link-marks.ts'
import { Stopped } from './result-link.ts'
import { WaitingRows } from './waiting-rows.ts'
import type { WorkerLink } from './worker-job.ts'

/** Marks that may wait beside those that stand between rows: a stage that makes more waits for room. */
const MOST_MARKS = 4_096

/**
 * The way from one stage to the next, with a capacity in rows and a backpressure strategy. Rows wait here, on the side of
 * the sender, as long as something may still be done about them; one frame at a time is offered to the next stage, and until
 * that begins on it, its rows can be taken back too. What the next stage has begun on waits no more.
 */
export class LinkQueue {
  /** Where it counts. */
  counts: Float64Array = new Float64Array(LINK_CELLS)
  /** Nanoseconds the thread spent waiting for room. */
  waitedNs = 0
  readonly #link: WorkerLink
  readonly #ring: FrameRing
  readonly #sender: BatchSender
  readonly #rows: WaitingRows
  readonly #marks: LinkMarks
  readonly #mostRows: number
  /** Rows that went in, and that went on or were dropped. */
  #in = 0
  #out = 0
  /** Rows of the frame that is offered, and of one that is being written. */
  #offered = 0
  #begun = 0
  #now = 0
  #watermark = Number.NEGATIVE_INFINITY
  #fullSinceNs = -1

  constructor(link: WorkerLink, ring: FrameRing, columns: readonly InputColumn[], context: EvaluationContext) {
    const { strategy, bufferSize } = link
    this.#link = link
    this.#ring = ring
    this.#sender = new BatchSender({ ring, stream: 0, context, columns, sendsAllTexts: false })
    this.#rows = new WaitingRows(columns, context, bufferSize, strategy.kind === 'unbounded')
    this.#marks = new LinkMarks(strategy.kind === 'drop-oldest' || strategy.kind === 'drop-newest')
    this.#mostRows = Math.min(this.#sender.frameRows, context.maxBatch)
  }

  /** Takes the rows of a batch in, or does with them what the strategy says. @throws Stopped, EventfluxError `BACKPRESSURE` */
  push(batch: RecordBatch, now: number): void {
    const rows = batch.selectedCount
    this.#mark(CLOCK, 0, now)
    this.flush()
    const startNs = systemClock.monotonicNs()
    for (let at = this.#passOver(rows); at < rows; ) {
      const room = this.#room
      if (room > 0) {
        const added = this.#rows.add(batch, at, Math.min(room, rows - at))
        at += added
        this.#in += added
        this.#add(LinkCell.offered, added)
      } else if (!this.#makeRoom(rows - at, startNs)) break
      this.#lookHowFull()
    }
    this.flush()
  }

  /** Says once how far the watermark is. */
  tellWatermark(watermark: number): void {
    if (watermark <= this.#watermark) return
    this.#watermark = watermark
    this.tell(FRAME.watermark, 0, watermark)
  }

  /** Sends a frame without rows, behind all rows that have come before it. */
  tell(kind: number, a: number, value: number): void {
    this.#mark(kind, a, value)
    this.flush()
    const isTooMuch = () => this.#marks.length > this.#rows.length * 2 + MOST_MARKS
    if (isTooMuch()) this.#await(() => !isTooMuch(), Number.POSITIVE_INFINITY)
  }

  /** Sends on what there is room for. */
  flush(): void {
    for (;;) {
      if (this.#begun > 0 && !this.#write()) return
      const mark = this.#marks.before(this.#out)
      if (mark !== undefined) {
        if (mark.kind === CLOCK) this.#now = mark.value
        else if (!this.#writeMark(mark.kind, mark.a, mark.value)) return
        this.#marks.shift()
        continue
      }
      if (this.#rows.length === 0 || !this.#ring.isOfferTaken) break
      const batch = this.#rows.poll(Math.min(this.#mostRows, this.#marks.nextRow - this.#out))
      this.#begun = batch.length
      this.#offered = 0
      this.#ring.offer()
      this.#sender.start(batch, this.#now)
    }
    this.#lookHowFull()
  }

  /** Whether `flush` would send something. */
  get isDue(): boolean {
    if (this.#begun > 0) return this.#ring.claim(this.#sender.frameBytes) >= 0
    if (this.#marks.before(this.#out) !== undefined) return this.#ring.claim(8) >= 0
    return this.#rows.length > 0 && this.#ring.isOfferTaken
  }

  markCodes: RowRing['markCodes'] = (dictionary, mark) => this.#rows.markCodes(dictionary, mark)

  close(): void {
    this.#sender.close()
    this.#rows.close()
  }

  /** Rows that wait: exactly what the capacity bounds. */
  get #length(): number {
    if (this.#ring.isOfferTaken) this.#offered = 0
    return this.#rows.length + this.#offered
  }

  get #room(): number {
    const length = this.#length
    return this.#link.strategy.kind === 'unbounded' ? this.#rows.free : this.#link.bufferSize - length
  }

  /** Of rows that all come at once, how many would be dropped for those behind them: they needn't be copied. */
  #passOver(rows: number): number {
    const over = rows - this.#link.bufferSize
    if (this.#link.strategy.kind !== 'drop-oldest' || over <= 0 || this.#begun > 0) return 0
    this.#evict(Number.POSITIVE_INFINITY)
    this.#drop(LinkCell.evicted, over)
    return over
  }

  /** Makes room for some of so many rows. False: there is none, and they were counted as dropped. */
  #makeRoom(rows: number, startNs: number): boolean {
    const { strategy, bufferSize, to } = this.#link
    switch (strategy.kind) {
      case 'drop-oldest':
        return this.#evict(rows) || this.#drop(LinkCell.full, rows)
      case 'drop-newest':
        return this.#drop(LinkCell.full, rows)
      case 'block': {
        const leftMs = (strategy.timeoutMs ?? Number.POSITIVE_INFINITY) - (systemClock.monotonicNs() - startNs) / 1e6
        return this.#await(() => this.#room > 0, Math.max(leftMs, 0)) || this.#drop(LinkCell.timeout, rows)
      }
      case 'unbounded':
        if (this.#rows.grow(strategy.maxBytes ?? Number.POSITIVE_INFINITY)) return true
        this.#drop(LinkCell.full, rows)
        throw backpressure(
          `the unbounded link to ${to} holds ${this.#length} rows in ${this.#rows.bytes} bytes, and there is room for no more: it can't keep up`,
          { value: this.#length, at: to },
        )
      case 'error':
        this.#drop(LinkCell.full, rows)
        throw backpressure(
          `the link to ${to} is full (${bufferSize} rows) and its strategy is 'error': raise bufferSize, or take 'block'`,
          { value: bufferSize, at: to },
        )
    }
  }

  /** Gives up the oldest of the rows that wait. False: there are none that can be, and no room either. */
  #evict(rows: number): boolean {
    const offered = Math.min(rows, this.#offered)
    // The next stage has begun on them just now, so there is room.
    if (offered > 0 && !this.#ring.takeBack(offered)) return true
    this.#offered -= offered
    const waiting = this.#rows.evictOldest(rows - offered)
    this.#out += waiting
    this.#marks.rowsDropped(this.#out)
    this.#add(LinkCell.evicted, offered + waiting)
    return offered + waiting > 0
  }

  /** Counts rows that don't get in. Each is offered when that is decided: those that wait for it are in no count. */
  #drop(reason: number, rows: number): false {
    this.#add(LinkCell.offered, rows)
    this.#add(reason, rows)
    return false
  }

  #mark(kind: number, a: number, value: number): void {
    this.#marks.add({ row: this.#in, kind, a, value })
  }

  #write(): boolean {
    if (!this.#sender.send()) return false
    this.#rows.release(this.#begun)
    this.#out += this.#begun
    this.#offered = this.#begun
    this.#begun = 0
    return true
  }

  #writeMark(kind: number, a: number, value: number): boolean {
    const offset = this.#ring.claim(8)
    if (offset < 0) return false
    this.#ring.f64[offset >>> 3] = value
    this.#ring.publish(kind, a, 0)
    return true
  }

  /** Sends on until it is enough. False: the time is over. */
  #await(isEnough: () => boolean, timeoutMs: number): boolean {
    const startNs = systemClock.monotonicNs()
    this.#ring.awaitRelease(() => {
      this.flush()
      return isEnough()
    }, timeoutMs)
    this.waitedNs += systemClock.monotonicNs() - startNs
    if (this.#ring.isStopped) throw new Stopped()
    return isEnough()
  }

  #add(cell: number, count: number): void {
    this.counts[cell] = this.counts[cell]! + count
  }

  #lookHowFull(): void {
    const length = this.#length
    const isFull = this.#link.strategy.kind !== 'unbounded' && length >= this.#link.bufferSize
    if (length > this.counts[LinkCell.highWaterMark]!) this.counts[LinkCell.highWaterMark] = length
    if (isFull === this.#fullSinceNs >= 0) return
    const nowNs = systemClock.monotonicNs()
    this.#add(isFull ? LinkCell.timesFull : LinkCell.timeFullNs, isFull ? 1 : nowNs - this.#fullSinceNs)
    this.#fullSinceNs = isFull ? nowNs : -1
  }
}
