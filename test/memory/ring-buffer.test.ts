import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ColumnField, dictionariesOf } from '../../src/memory/column-buffers.ts'
import { RingBuffer } from '../../src/memory/ring-buffer.ts'
import type { RowRing } from '../../src/memory/row-ring.ts'
import { SegmentedRing } from '../../src/memory/segmented-ring.ts'
import { bool, f64, i32, utf8 } from '../../src/schema/data-type.ts'
import { bitByBit, ENGINES, makeArena, rowsOf } from './fixture.ts'

const FIELDS: readonly ColumnField[] = [
  { name: 'id', type: f64() },
  { name: 'small', type: i32().nullable() },
  { name: 'flag', type: bool().nullable() },
  { name: 'text', type: utf8().nullable() },
]

function setUp(engine: 'wasm' | 'js', capacity: number, isSegmented: boolean) {
  const arena = makeArena(engine)
  const before = arena.bytesInUse
  const dictionaries = dictionariesOf(FIELDS, 10_000)
  const options = { arena, kernels: bitByBit(arena.memory), fields: FIELDS, dictionaries, capacity }
  const ring = isSegmented ? new SegmentedRing(options) : new RingBuffer(options)
  return { arena, before, ring, dictionary: dictionaries[3]! }
}

const rowFor = (id: number): unknown[] => [
  id,
  id % 3 === 0 ? null : -id,
  id % 5 === 0 ? null : id % 2 === 0,
  id % 7 === 0 ? null : `t${id % 11}`,
]

/** Writes row `id` at a position, cell by cell. */
function put(ring: RowRing, arena: ReturnType<typeof makeArena>, id: number, at: number): void {
  const { memory } = arena
  const view = new DataView(memory.u8.buffer)
  const { values, validity } = ring.columns
  const [, small, flag, text] = rowFor(id)
  view.setFloat64(values[0]! + at * 8, id, true)
  view.setInt32(values[1]! + at * 4, small === null ? 0 : (small as number), true)
  view.setUint8(values[2]! + at, flag === true ? 1 : 0)
  view.setInt32(values[3]! + at * 4, text === null ? 0 : ring.dictionaries[3]!.encode(text as string), true)
  for (const [column, value] of [small, flag, text].entries()) {
    const byte = validity[column + 1]! + (at >> 3)
    const bit = 1 << (at & 7)
    view.setUint8(byte, value === null ? view.getUint8(byte) & ~bit : view.getUint8(byte) | bit)
  }
}

type Step =
  | { do: 'write'; claim: number; publish: number }
  | { do: 'write one'; isPublished: boolean }
  | { do: 'poll'; max: number; release: number }
  | { do: 'peek'; max: number }
  | { do: 'evict'; n: number }
  | { do: 'grow'; room: number }

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('write' as const), claim: fc.nat(40), publish: fc.nat(40) }),
    fc.record({ do: fc.constant('poll' as const), max: fc.nat(40), release: fc.nat(40) }),
    fc.record({ do: fc.constant('write one' as const), isPublished: fc.boolean() }),
    fc.record({ do: fc.constant('peek' as const), max: fc.nat(40) }),
    fc.record({ do: fc.constant('evict' as const), n: fc.nat(20) }),
    fc.record({ do: fc.constant('grow' as const), room: fc.constantFrom(0, 3_000, 2 ** 20) }),
  ),
  { maxLength: 60 },
)

describe.each(ENGINES)('a ring on the %s memory', engine => {
  it.each([false, true])('behaves as an array of rows under any schedule (segmented: %s)', isSegmented => {
    fc.assert(
      fc.property(fc.constantFrom(1, 2, 3, 5, 8, 13, 37, 64), steps, (capacity, schedule) => {
        const { arena, before, ring } = setUp(engine, capacity, isSegmented)
        const queue: unknown[][] = []
        let next = 1
        let inUse = 0
        for (const step of schedule) {
          switch (step.do) {
            case 'write': {
              const rows = ring.claim(step.claim)
              expect(rows).toBeLessThanOrEqual(Math.min(step.claim, ring.free))
              if (step.claim > 0) expect(rows > 0).toBe(!ring.isFull)
              for (let i = 0; i < rows; i++) put(ring, arena, next + i, ring.writeRow + i)
              const published = Math.min(step.publish, rows)
              ring.publish(published)
              for (let i = 0; i < published; i++) queue.push(rowFor(next++))
              break
            }
            case 'write one': {
              const row = ring.claimRow()
              expect(row).toBe(ring.isFull ? -1 : ring.writeRow)
              if (row < 0) break
              put(ring, arena, next, row)
              if (!step.isPublished) break
              ring.publish(1)
              queue.push(rowFor(next++))
              break
            }
            case 'poll':
            case 'peek': {
              const batch = ring.poll(step.max)
              expect(batch.length).toBeLessThanOrEqual(step.max)
              if (step.max > 0) expect(batch.length > 0).toBe(queue.length > 0)
              expect(batch).toMatchObject({ selection: 0, origin: 0, selectedCount: batch.length })
              expect(rowsOf(arena.memory, batch)).toEqual(queue.slice(0, batch.length))
              inUse = batch.length
              if (step.do === 'poll') {
                const released = Math.min(step.release, batch.length)
                ring.release(released)
                queue.splice(0, released)
                inUse -= released
              }
              break
            }
            case 'evict': {
              const expected = inUse > 0 ? 0 : Math.min(step.n, queue.length)
              expect(ring.evictOldest(step.n)).toBe(expected)
              queue.splice(0, expected)
              break
            }
            case 'grow':
              if (ring instanceof SegmentedRing) {
                const bytes = ring.bytes
                const capacityBefore = ring.capacity
                if (ring.grow(bytes + step.room)) expect(ring.bytes).toBeLessThanOrEqual(bytes + step.room)
                else expect(ring.capacity).toBe(capacityBefore)
              }
          }
          expect(ring.length).toBe(queue.length)
          expect(ring.isEmpty).toBe(queue.length === 0)
          expect(ring.free).toBe(ring.capacity - queue.length)
          expect(ring.isFull).toBe(ring.free === 0)
          if (!isSegmented) expect(ring.capacity).toBe(capacity)
          expect(arena.bytesInUse - before).toBe(ring.bytes)
        }
        ring.close()
        expect(arena.bytesInUse).toBe(before)
      }),
      { numRuns: 300 },
    )
  })

  it('keeps a capacity that is no power of two exactly', () => {
    const { ring, arena } = setUp(engine, 5, false)
    expect(ring.claim(100)).toBe(5)
    for (let i = 0; i < 5; i++) put(ring, arena, i, ring.writeRow + i)
    ring.publish(5)
    expect(ring.isFull).toBe(true)
    expect(ring.claim(1)).toBe(0)
    expect(ring.poll(100).length).toBe(5)
    ring.release(1)
    expect(ring.claim(100)).toBe(1)
  })
})

describe('a ring', () => {
  it.each([0, -1, 1.5, Number.NaN, 2 ** 26 + 1, Number.POSITIVE_INFINITY])('refuses a capacity of %s', capacity => {
    expect(() => setUp('js', capacity, false)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it('refuses at once, and takes nothing, when the memory is too small for it', () => {
    const arena = makeArena('js', 2 ** 20)
    const options = {
      arena,
      kernels: bitByBit(arena.memory),
      fields: FIELDS,
      dictionaries: dictionariesOf(FIELDS, 10),
      capacity: 2 ** 26,
    }
    expect(() => new RingBuffer(options)).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
    expect(arena.bytesInUse).toBe(0)
    expect(arena.memory.byteLength).toBeLessThanOrEqual(2 ** 20)
  })

  it('gives the same batch object at every poll', () => {
    const { ring, arena } = setUp('js', 8, false)
    put(ring, arena, 1, ring.writeRow)
    ring.claim(1)
    ring.publish(1)
    const first = ring.poll(8)
    ring.release(1)
    expect(ring.poll(8)).toBe(first)
    expect(first.length).toBe(0)
  })

  it('does nothing more once closed, and closes once', () => {
    const { ring, arena, before } = setUp('js', 8, false)
    ring.claim(3)
    put(ring, arena, 1, ring.writeRow)
    ring.publish(1)
    ring.close()
    ring.close()
    expect(ring.isClosed).toBe(true)
    expect(arena.bytesInUse).toBe(before)
    expect([ring.claim(1), ring.poll(1).length, ring.length, ring.evictOldest(1)]).toEqual([0, 0, 0, 0])
    expect(ring.claimRow()).toBe(-1)
  })

  it('marks the codes of published rows and of rows written but not published', () => {
    const { ring, arena, dictionary } = setUp('js', 8, false)
    const codes = (): Set<string | null> => {
      const seen = new Set<string | null>()
      ring.markCodes(dictionary, code => seen.add(dictionary.decode(code)))
      return seen
    }
    ring.claim(8)
    put(ring, arena, 1, ring.writeRow)
    put(ring, arena, 2, ring.writeRow + 1)
    put(ring, arena, 3, ring.writeRow + 2)
    ring.publish(1)
    expect(codes()).toEqual(new Set(['t1', 't2', 't3', null]))
    ring.publish(2)
    ring.poll(8)
    ring.release(2)
    expect(codes()).toContain('t3')
    expect(codes()).not.toContain('t1')
    ring.markCodes(dictionariesOf(FIELDS, 10)[3]!, () => expect.unreachable('another dictionary'))
  })
})

describe('a segmented ring', () => {
  it('drains the older segment first and gives its memory back', () => {
    const { ring, arena } = setUp('js', 4, true)
    const segmented = ring as SegmentedRing
    const bytes = ring.bytes
    let id = 1
    for (let round = 0; round < 3; round++) {
      while (!ring.isFull) {
        ring.claim(1)
        put(ring, arena, id++, ring.writeRow)
        ring.publish(1)
      }
      if (round < 2) expect(segmented.grow(2 ** 20)).toBe(true)
    }
    expect(ring.length).toBe(4 + 8 + 16)
    expect(ring.capacity).toBe(28)
    const largest = ring.bytes
    const seen: unknown[] = []
    for (let batch = ring.poll(100); batch.length > 0; batch = ring.poll(100)) {
      seen.push(...rowsOf(arena.memory, batch).map(row => row[0]))
      ring.release(batch.length)
    }
    expect(seen).toEqual(Array.from({ length: 28 }, (_, i) => i + 1))
    expect(ring.capacity).toBe(16)
    expect(ring.bytes).toBeLessThan(largest)
    expect(ring.bytes).toBeGreaterThanOrEqual(bytes)
  })

  it('gives up one row for each that follows, whichever segment it lies in, and keeps its capacity', () => {
    const { ring, arena } = setUp('js', 4, true)
    const queue: number[] = []
    let id = 1
    const push = () => {
      expect(ring.claim(1)).toBe(1)
      put(ring, arena, id, ring.writeRow)
      ring.publish(1)
      queue.push(id++)
    }
    while (!ring.isFull) push()
    expect((ring as SegmentedRing).grow(2 ** 20)).toBe(true)
    while (!ring.isFull) push()
    expect(ring.capacity).toBe(12)
    const { bytes } = ring
    for (const rows of [1, 1, 3, 1, 12, 1, 5, ...new Array<number>(40).fill(1)]) {
      expect(ring.claim(1)).toBe(0)
      expect(ring.evictOldest(rows)).toBe(rows)
      queue.splice(0, rows)
      expect([ring.capacity, ring.free]).toEqual([12, rows])
      for (let i = 0; i < rows; i++) push()
      expect(ring.bytes).toBeLessThan(4 * bytes)
    }
    const seen: unknown[] = []
    for (let batch = ring.poll(100); batch.length > 0; batch = ring.poll(100)) {
      seen.push(...rowsOf(arena.memory, batch).map(row => row[0]))
      ring.release(batch.length)
    }
    expect(seen).toEqual(queue)
    expect(ring.capacity).toBeGreaterThanOrEqual(8)
  })

  it('gives up more where memory has no place for another segment, and says how many', () => {
    const { ring } = setUp('js', 64, true)
    ring.publish(ring.claim(64))
    const segmented = ring as SegmentedRing
    expect(segmented.grow(ring.bytes * 3)).toBe(true)
    while (ring.claim(1) === 1) ring.publish(1)
    const { length } = ring
    let evicted = 0
    while (ring.claim(1) === 0) evicted += ring.evictOldest(1)
    expect(evicted).toBe(65)
    expect(ring.length).toBe(length - 65)
  })

  it('does not grow past the bytes allowed, nor past the memory of the job', () => {
    const { ring } = setUp('js', 64, true)
    expect((ring as SegmentedRing).grow(ring.bytes)).toBe(false)
    const arena = makeArena('js', 2 ** 16)
    const kernels = bitByBit(arena.memory)
    const small = new SegmentedRing({
      arena,
      kernels,
      fields: FIELDS,
      dictionaries: dictionariesOf(FIELDS, 10),
      capacity: 2048,
    })
    const bytes = arena.bytesInUse
    expect(small.grow(Number.MAX_SAFE_INTEGER)).toBe(false)
    expect(arena.bytesInUse).toBe(bytes)
    expect(small.claim(1)).toBe(1)
  })

  it('refuses to grow once closed', () => {
    const { ring } = setUp('js', 4, true)
    ring.close()
    expect((ring as SegmentedRing).grow(2 ** 20)).toBe(false)
    expect(ring.length).toBe(0)
  })
})
