import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Arena, ArenaScope, bytesTaken } from '../../src/memory/arena.ts'
import { LinearMemory } from '../../src/memory/linear-memory.ts'
import { ENGINES, makeArena } from './fixture.ts'

describe.each(ENGINES)('an arena on the %s memory', engine => {
  it('hands out ranges that are aligned, in the memory, and never overlap', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(5000)), { maxLength: 80 }), schedule => {
        const arena = makeArena(engine)
        const live: { address: number; bytes: number; fill: number }[] = []
        let fill = 0
        for (const [isRelease, n] of schedule) {
          if (isRelease && live.length > 0) {
            const [range] = live.splice(n % live.length, 1)
            arena.release(range!.address, range!.bytes)
          } else {
            const address = arena.allocateZeroed(n)
            expect(address % 64).toBe(0)
            expect(address).toBeGreaterThan(0)
            expect(address + n).toBeLessThanOrEqual(arena.memory.byteLength)
            expect(arena.memory.u8.subarray(address, address + n).every(byte => byte === 0)).toBe(true)
            fill = (fill % 250) + 1
            arena.memory.u8.fill(fill, address, address + n)
            live.push({ address, bytes: n, fill })
          }
          for (const range of live) {
            const bytes = arena.memory.u8.subarray(range.address, range.address + range.bytes)
            expect(bytes.every(byte => byte === range.fill)).toBe(true)
          }
          expect(arena.bytesInUse).toBe(live.reduce((sum, range) => sum + bytesTaken(range.bytes), 0))
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('an arena', () => {
  it.each([2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 33, 2 ** 53, Number.POSITIVE_INFINITY])(
    'has no room for %s bytes',
    bytes => {
      const arena = makeArena()
      expect(() => arena.allocate(bytes)).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
      expect(arena.bytesInUse).toBe(0)
      expect(arena.allocate(64)).toBe(64)
    },
  )

  it('uses released ranges again', () => {
    const arena = makeArena()
    const address = arena.allocate(1000)
    arena.release(address, 1000)
    expect(arena.allocate(600)).toBe(address)
  })
})

it('a scope gives everything back once', () => {
  const arena = makeArena()
  const scope = new ArenaScope(arena)
  scope.allocate(100)
  scope.allocate(5000)
  scope.release()
  scope.release()
  expect(arena.bytesInUse).toBe(0)
  expect(arena.allocate(100)).not.toBe(arena.allocate(100))
})

describe.each(ENGINES)('a %s memory', engine => {
  it('keeps its bytes when it grows, and all views see the new ones', () => {
    const memory = new LinearMemory({ engine, maxBytes: 2 ** 24 })
    memory.u8[5] = 77
    const old = memory.u8
    memory.ensure(70_000)
    expect(memory.byteLength).toBeGreaterThanOrEqual(70_000)
    expect(memory.u8 === old).toBe(false)
    expect(memory.u8[5]).toBe(77)
    memory.f64[8000] = 1.5
    expect(new DataView(memory.u8.buffer).getFloat64(64_000, true)).toBe(1.5)
    for (const view of [memory.i32, memory.u32, memory.f32, memory.f64, memory.i64]) {
      expect(view.buffer).toBe(memory.u8.buffer)
      expect(view.byteLength).toBe(memory.byteLength)
    }
    expect(memory.wasm !== undefined).toBe(engine === 'wasm')
  })

  it('grows by doubling, and up to its limit', () => {
    const memory = new LinearMemory({ engine, maxBytes: 3 * 65_536 })
    memory.ensure(65_537)
    expect(memory.byteLength).toBe(2 * 65_536)
    memory.ensure(2 * 65_536 + 1)
    expect(memory.byteLength).toBe(3 * 65_536)
    expect(() => memory.ensure(3 * 65_536 + 1)).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
    expect(memory.byteLength).toBe(3 * 65_536)
  })
})

it('a memory the system refuses is a full state, not a RangeError', () => {
  const memory = new LinearMemory({ engine: 'wasm', maxBytes: 2 ** 32 })
  memory.wasm!.grow = () => {
    throw new RangeError('WebAssembly.Memory.grow(): Maximum memory size exceeded')
  }
  expect(() => new Arena(memory).allocate(2 ** 20)).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
})
