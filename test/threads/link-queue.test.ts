import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { NormalisedLinkStrategy } from '../../src/plan/link-options.ts'
import { BatchReceiver, StreamTexts } from '../../src/threads/batch-receiver.ts'
import { FrameRing, frameRingMemory } from '../../src/threads/frame-ring.ts'
import { FRAME } from '../../src/threads/frames.ts'
import { LinkCell } from '../../src/threads/link-cells.ts'
import { LinkQueue } from '../../src/threads/link-queue.ts'
import { BatchFixture, ENGINES, type EngineName } from '../operators/batch-fixture.ts'
import type { Row, Value } from '../plan/scalar-interpreter.ts'

const TYPES = { id: 'f64', name: 'utf8?', flag: 'bool?', big: 'i64' } as const
const MAX_BATCH = 16

/** The two ends of a link on one thread, so that everything happens when it is told to. */
class Ends {
  readonly queue: LinkQueue
  readonly ring: FrameRing
  readonly #sender: BatchFixture
  readonly #reader: BatchFixture
  readonly #receiver: BatchReceiver
  readonly #texts: StreamTexts

  constructor(engine: EngineName, strategy: NormalisedLinkStrategy, bufferSize: number, ringBytes = 2 ** 16) {
    const shared = frameRingMemory(ringBytes, 1)
    this.ring = new FrameRing(shared, 1)
    this.#sender = new BatchFixture(engine, TYPES, MAX_BATCH)
    this.#reader = new BatchFixture(engine, TYPES, MAX_BATCH)
    const link = { from: 'stage 1 of 2', to: 'stage 2 of 2', bufferSize, strategy }
    this.queue = new LinkQueue(link, new FrameRing(shared, 1), this.#sender.columns, this.#sender.context)
    this.#receiver = new BatchReceiver(this.#reader.columns, this.#reader.context, { rows: MAX_BATCH })
    this.#texts = new StreamTexts(this.#reader.columns, this.#reader.context)
  }

  push(rows: readonly Row[], now: number, selected?: readonly number[]): void {
    this.queue.push(this.#sender.write(rows, selected), now)
  }

  /** What the next frame says that isn't of texts; undefined: there is none. */
  take(): { kind: number; value: number; rows: Value[][] } | undefined {
    for (;;) {
      const offset = this.ring.poll(0)
      if (offset < 0) return undefined
      const { kind } = this.ring
      const value = this.ring.f64[offset >>> 3]!
      if (kind === FRAME.pack) this.#texts.add(this.ring, offset)
      const rows = kind === FRAME.rows ? this.#read(offset) : []
      this.ring.release(0)
      if (kind !== FRAME.pack) return { kind, value, rows }
    }
  }

  #read(offset: number): Value[][] {
    const gone = this.ring.takeOffer()
    const batch = this.#receiver.read(this.ring, offset, this.#texts)
    return Array.from({ length: batch.length - gone }, (_, j) =>
      batch.columns.map(vector => this.#reader.read(vector, gone + j)),
    )
  }

  count(cell: keyof typeof LinkCell): number {
    return this.queue.counts[LinkCell[cell]]!
  }

  get ledger() {
    const [offered, evicted, full, timeout] = [0, 1, 2, 3].map(cell => this.queue.counts[cell]!)
    return { offered, evicted, full, timeout }
  }
}

const rowOf = (id: number): Row => ({
  id,
  name: id % 5 === 0 ? null : `name ${id % 7 === 0 ? id : id % 3}`,
  flag: id % 4 === 0 ? null : id % 2 === 0,
  big: BigInt(id) ** 3n,
})

type Step =
  | { readonly rows: number; readonly isSparse: boolean }
  | { readonly kind: number; readonly value: number }
  | { readonly take: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ rows: fc.integer({ min: 1, max: 8 }), isSparse: fc.boolean() }) },
    { weight: 2, arbitrary: fc.constantFrom({ kind: FRAME.watermark, value: 0 }, { kind: FRAME.tick, value: 0 }) },
    { weight: 1, arbitrary: fc.constantFrom({ kind: FRAME.barrier, value: 0 }, { kind: FRAME.marker, value: 0 }) },
    { weight: 3, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 6 }) }) },
  ),
  { minLength: 5, maxLength: 120 },
)

const STRATEGIES: Readonly<Record<string, NormalisedLinkStrategy>> = {
  'drop-oldest': { kind: 'drop-oldest' },
  'drop-newest': { kind: 'drop-newest' },
  'block for no time': { kind: 'block', timeoutMs: 0 },
  unbounded: { kind: 'unbounded' },
}

/** A row in a list of all there ever was, or what stands between rows. */
type Item = { readonly id: number; readonly now: number } | { readonly kind: number; readonly value: number }

/**
 * A link as it should be: a list. Takes rows one by one, drops what the strategy says, and tells of each thing that comes
 * out whether it was the next.
 */
class Model {
  readonly #kind: string
  readonly #capacity: number
  #items: Item[] = []
  waiting = 0
  evicted = 0
  refused = 0
  /** The watermark and the clock as the reader has been told them, and as of the last row that came out. */
  readonly #told = { watermark: 0, tick: 0 }
  readonly #due = { watermark: 0, tick: 0 }

  constructor(kind: string, capacity: number) {
    this.#kind = kind
    this.#capacity = capacity
  }

  push(id: number, now: number): void {
    if (this.#kind !== 'unbounded' && this.waiting === this.#capacity) {
      if (this.#kind !== 'drop-oldest') {
        this.refused++
        return
      }
      this.#items.splice(
        this.#items.findIndex(item => 'id' in item),
        1,
      )
      this.evicted++
      this.waiting--
    }
    this.#items.push({ id, now })
    this.waiting++
  }

  mark(kind: number, value: number): void {
    this.#items.push({ kind, value })
  }

  cameOut({ kind, value, rows }: { kind: number; value: number; rows: Value[][] }): void {
    if (kind === FRAME.watermark) this.#told.watermark = value
    else if (kind === FRAME.tick) this.#told.tick = value
    else if (kind !== FRAME.rows) this.#next(item => expect(item).toEqual({ kind, value }))
    for (const row of rows)
      this.#next(item => {
        const id = row[0] as number
        expect(item).toEqual({ id, now: value })
        expect(row).toEqual(Object.values(rowOf(id)))
        this.waiting--
      })
  }

  /** Nothing is left but what says nothing new. */
  ended(): void {
    this.#next(item => expect(item).toBeUndefined())
  }

  /** Nothing overtakes a watermark, nor does it overtake a row: each meets the one that was told before it. */
  #next(check: (item: Item | undefined) => void): void {
    for (;;) {
      const item = this.#items.shift()
      if (item !== undefined && 'kind' in item && item.kind === FRAME.watermark) this.#due.watermark = item.value
      else if (item !== undefined && 'kind' in item && item.kind === FRAME.tick) this.#due.tick = item.value
      else {
        expect(this.#told).toEqual(this.#due)
        check(item)
        return
      }
    }
  }
}

describe('a link between stages', () => {
  it.each(Object.entries(STRATEGIES))(
    'keeps its capacity exactly, drops what %s says and nothing else, and every row meets the watermark in front of it',
    (_, strategy) => {
      fc.assert(
        fc.property(steps, fc.integer({ min: 1, max: 20 }), fc.constantFrom(...ENGINES), (all, capacity, engine) => {
          const ends = new Ends(engine, strategy, capacity)
          const model = new Model(strategy.kind, capacity)
          let id = 0
          let time = 0
          let delivered = 0
          const take = () => {
            const frame = ends.take()
            if (frame === undefined) return false
            delivered += frame.rows.length
            model.cameOut(frame)
            ends.queue.flush()
            return true
          }
          for (const step of all) {
            time++
            if ('take' in step) for (let i = 0; i < step.take && take(); i++);
            else if ('kind' in step) {
              model.mark(step.kind, time)
              if (step.kind === FRAME.watermark) ends.queue.tellWatermark(time)
              else ends.queue.tell(step.kind, 0, time)
            } else {
              const now = time - (time % 3)
              const rows = Array.from({ length: step.isSparse ? step.rows * 2 : step.rows }, () => rowOf(id++))
              const selected = step.isSparse ? rows.flatMap((_, i) => (i % 2 === 1 ? [i] : [])) : undefined
              ends.push(rows, now, selected)
              for (const i of selected ?? rows.keys()) model.push(rows[i]!.id as number, now)
            }
            const { offered, evicted, full, timeout } = ends.ledger
            const isTimed = strategy.kind === 'block'
            expect([evicted, full, timeout]).toEqual([
              model.evicted,
              isTimed ? 0 : model.refused,
              isTimed ? model.refused : 0,
            ])
            expect(offered! - evicted! - full! - timeout! - delivered).toBe(model.waiting)
            if (strategy.kind !== 'unbounded') expect(ends.count('highWaterMark')).toBeLessThanOrEqual(capacity)
          }
          while (take());
          model.ended()
          expect(model.waiting).toBe(0)
          ends.queue.close()
        }),
        { numRuns: 150 },
      )
    },
  )

  it('gets texts over that are larger than the ring, and drops none of the rows it has begun to write', () => {
    const ends = new Ends('js', { kind: 'drop-oldest' }, 3)
    const large = (id: number): Row => ({ ...rowOf(id), name: `${id}`.padEnd(60_000, 'x') })
    ends.push([large(1), large(2), large(3)], 0)
    ends.push([large(4)], 0)
    expect(ends.ledger).toEqual({ offered: 4, evicted: 0, full: 1, timeout: 0 })
    ends.queue.tellWatermark(7)
    const out: (Value | undefined)[] = []
    for (let looks = 0; looks < 100; looks++) {
      const frame = ends.take()
      for (const row of frame?.rows ?? []) {
        expect(row[1]).toBe(large(row[0] as number).name)
        out.push(row[0])
      }
      if (frame?.kind === FRAME.watermark) out.push(undefined)
      ends.queue.flush()
      if (looks === 0) ends.push([large(5), rowOf(6)], 0)
    }
    expect(out.filter(id => id !== undefined)).toEqual([1, 2, 3])
    expect(out.at(-1)).toBeUndefined()
    ends.push([rowOf(8)], 0)
    expect(ends.take()?.rows).toEqual([Object.values(rowOf(8))])
    ends.queue.close()
  })

  it('fails with error when a row comes that there is no room for', () => {
    const ends = new Ends('js', { kind: 'error' }, 3)
    ends.push([rowOf(1), rowOf(2), rowOf(3)], 0)
    expect(() => ends.push([rowOf(4)], 0)).toThrow(
      expect.objectContaining({ code: 'BACKPRESSURE', at: 'stage 2 of 2' }),
    )
    expect(ends.take()?.rows.length).toBe(3)
    ends.queue.close()
  })

  it('keeps what stands between rows in little room while the next stage stands still', () => {
    const ends = new Ends('js', { kind: 'drop-oldest' }, 2, 2 ** 11)
    for (let i = 1; i <= 20_000; i++) {
      ends.push([rowOf(i)], i)
      ends.queue.tellWatermark(i)
      ends.queue.tell(FRAME.tick, 0, i)
    }
    const out: number[] = []
    for (let frame = ends.take(); frame !== undefined; frame = ends.take()) {
      if (frame.kind === FRAME.rows) out.push(...frame.rows.map(row => row[0] as number))
      ends.queue.flush()
    }
    expect(out).toEqual([19_999, 20_000])
    ends.queue.close()
  })
})
