import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  MEMBER_ACCEPTED,
  MEMBER_CLAIM,
  MEMBER_DELIVERED,
  MEMBER_EVICTED,
  MEMBER_TAKE,
  MEMBER_VALUE,
  SHARED_CLOSED,
  SHARED_NONE,
} from '../../assembly/abi.ts'
import type { Engine } from '../../src/kernels/engine.ts'
import { createSharedEngine } from '../../src/kernels/shared-engine.ts'
import { SharedRing, type SharedRingKind, sharedRingBytes } from '../../src/memory/shared-ring.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { SHARED_KERNELS } from '../../src/wasm/packaged/inline-shared.ts'

const fields = [{ name: 'value', type: f64() }]

/** One engine's side of a ring: one member writes, another reads. */
class Side {
  readonly ring: SharedRing
  readonly #engine: Engine
  readonly #writer: number
  readonly #reader: number

  constructor(name: 'wasm' | 'js', kind: SharedRingKind, capacity: number, cursor: number) {
    const shape = { kind, fields, capacity, members: 2 }
    this.#engine = createSharedEngine(name, SHARED_KERNELS, sharedRingBytes(shape))
    expect(this.#engine.name).toBe(name)
    this.ring = new SharedRing(this.#engine.memory, shape)
    this.ring.initialise(cursor)
    this.#writer = this.ring.member(this.ring.join())
    this.#reader = this.ring.member(this.ring.join())
  }

  get bytes(): Uint8Array {
    return this.#engine.memory.u8.slice(0, sharedRingBytes({ ...this.ring, fields, members: 2 }))
  }

  push(value: number): number {
    const { pushSpscF64, pushMpmcF64 } = this.#engine.kernels
    return (this.ring.kind === 'spsc' ? pushSpscF64 : pushMpmcF64)(this.ring.header, this.#writer, value)
  }

  forcePush(value: number): number {
    return this.#engine.kernels.forcePushMpmcF64(this.ring.header, this.#writer, value)
  }

  pop(): number | string {
    const { popSpscF64, popMpmcF64 } = this.#engine.kernels
    const answer = (this.ring.kind === 'spsc' ? popSpscF64 : popMpmcF64)(this.ring.header, this.#reader)
    return answer === 1 ? this.#engine.memory.f64[(this.#reader + MEMBER_VALUE) >>> 3]! : `none: ${answer}`
  }

  pushBatch(values: readonly number[]): number {
    const { kernels, memory } = this.#engine
    const [claim, publish] =
      this.ring.kind === 'spsc' ? [kernels.claimSpsc, kernels.publishSpsc] : [kernels.claimMpmc, kernels.publishMpmc]
    const count = claim(this.ring.header, this.#writer, values.length)
    if (count <= 0) return count
    const row = this.ring.slotOf(memory.u32[(this.#writer + MEMBER_CLAIM) >>> 2]!)
    for (let i = 0; i < count; i++) memory.f64[(this.ring.values[0]! >>> 3) + row + i] = values[i]!
    return publish(this.ring.header, this.#writer)
  }

  popBatch(max: number): number[] {
    const { kernels, memory } = this.#engine
    const [take, release] =
      this.ring.kind === 'spsc' ? [kernels.takeSpsc, kernels.releaseSpsc] : [kernels.takeMpmc, kernels.releaseMpmc]
    const count = take(this.ring.header, this.#reader, max)
    if (count <= 0) return []
    const row = this.ring.slotOf(memory.u32[(this.#reader + MEMBER_TAKE) >>> 2]!)
    const first = (this.ring.values[0]! >>> 3) + row
    const values = [...memory.f64.subarray(first, first + count)]
    release(this.ring.header, this.#reader)
    return values
  }
}

type Step =
  | { readonly kind: 'push' | 'force' | 'pop' | 'close' }
  | { readonly kind: 'pushBatch' | 'popBatch'; readonly n: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constantFrom('push', 'push', 'pop', 'pop', 'force') }),
  fc.record({ kind: fc.constantFrom('pushBatch', 'popBatch'), n: fc.integer({ min: 1, max: 9 }) }),
)

describe.each(['spsc', 'mpmc'] as const)('a ring of kind %s', kind => {
  it('is the same first-in-first-out list on both engines, at every capacity, across the wrap of its cursors', () => {
    const run = (capacity: number, lapsBeforeWrap: number, steps: readonly Step[], closesAt: number): void => {
      const slots = Math.max(2, 2 ** Math.ceil(Math.log2(capacity)))
      const cursor = (2 ** 32 - lapsBeforeWrap * 2 * slots) % 2 ** 32
      const sides = (['wasm', 'js'] as const).map(name => new Side(name, kind, capacity, cursor))
      const both = <T>(work: (side: Side) => T): T => {
        const [wasm, js] = sides.map(work)
        expect(js).toEqual(wasm)
        expect(Buffer.compare(sides[0]!.bytes, sides[1]!.bytes)).toBe(0)
        return wasm!
      }
      const model: number[] = []
      const counts = { accepted: 0, delivered: 0, evicted: 0 }
      let isClosed = false
      let next = 0
      const refusal = (): number | undefined => {
        if (isClosed) return SHARED_CLOSED
        return model.length === capacity ? SHARED_NONE : undefined
      }
      steps.forEach((each, i) => {
        if (i === closesAt) {
          for (const { ring } of sides) ring.close()
          isClosed = true
        }
        if (each.kind === 'push') {
          expect(both(side => side.push(next))).toBe(refusal() ?? 1)
          if (refusal() === undefined) {
            model.push(next++)
            counts.accepted++
          }
        } else if (each.kind === 'force' && kind === 'mpmc') {
          expect(both(side => side.forcePush(next))).toBe(isClosed ? SHARED_CLOSED : 1)
          if (isClosed) return
          if (model.length === capacity) counts.evicted += Number(model.shift() !== undefined)
          model.push(next++)
          counts.accepted++
        } else if (each.kind === 'pop') {
          const none = isClosed ? SHARED_CLOSED : SHARED_NONE
          expect(both(side => side.pop())).toBe(model.shift() ?? `none: ${none}`)
        } else if (each.kind === 'pushBatch') {
          const pushed = both(side => side.pushBatch(Array.from({ length: each.n }, (_, j) => next + j)))
          const most = Math.min(each.n, capacity - model.length)
          if (refusal() !== undefined) expect(pushed).toBe(refusal())
          else {
            // Less than there is room for only where a lap ends.
            expect(pushed).toBeGreaterThan(0)
            expect(pushed).toBeLessThanOrEqual(most)
            for (let j = 0; j < pushed; j++) model.push(next++)
            counts.accepted += pushed
          }
        } else if (each.kind === 'popBatch') {
          const got = both(side => side.popBatch(each.n))
          expect(got.length > 0).toBe(model.length > 0)
          expect(got).toEqual(model.splice(0, got.length))
        }
        counts.delivered = counts.accepted - counts.evicted - model.length
        expect(both(side => side.ring.length)).toBe(model.length)
        for (const { ring } of sides) {
          expect(ring.counted(MEMBER_ACCEPTED)).toBe(counts.accepted)
          expect(ring.counted(MEMBER_DELIVERED)).toBe(counts.delivered)
          expect(ring.counted(MEMBER_EVICTED)).toBe(counts.evicted)
        }
      })
    }
    fc.assert(
      fc.property(
        fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constantFrom(7, 8, 9)),
        fc.integer({ min: 0, max: 3 }),
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 0, max: 200 }),
        run,
      ),
      { numRuns: 150 },
    )
  })
})
