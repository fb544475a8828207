import { describe, expect, it } from 'vitest'
import { BufferPool } from '../../src/memory/buffer-pool.ts'
import { makeArena } from './fixture.ts'

describe('a buffer pool', () => {
  it('hands out distinct buffers of the promised size', () => {
    const arena = makeArena()
    const pool = new BufferPool({ arena, rows: 100, columns: 3, bitmaps: 3 })
    const columns = [1, 2, 3].map(() => pool.acquireColumn())
    const bitmaps = [1, 2, 3].map(() => pool.acquireBitmap())
    columns.forEach((address, i) => {
      arena.memory.f64.fill(i + 1, address >>> 3, (address >>> 3) + 100)
    })
    bitmaps.forEach((address, i) => {
      arena.memory.u8.fill(i + 1, address, address + 13)
    })
    columns.forEach((address, i) => {
      expect(arena.memory.f64.subarray(address >>> 3, (address >>> 3) + 100).every(value => value === i + 1)).toBe(true)
    })
    bitmaps.forEach((address, i) => {
      expect(arena.memory.u8.subarray(address, address + 13).every(value => value === i + 1)).toBe(true)
    })
  })

  it('allocates nothing while what it has suffices', () => {
    const arena = makeArena()
    const pool = new BufferPool({ arena, rows: 64, columns: 2 })
    const bytes = arena.bytesInUse
    for (let i = 0; i < 100; i++) {
      const a = pool.acquireColumn()
      const b = pool.acquireColumn()
      pool.releaseColumn(a)
      pool.releaseColumn(b)
    }
    expect(arena.bytesInUse).toBe(bytes)
    expect(pool.columnStats).toEqual({ inUse: 0, size: 2, misses: 0 })
  })

  it('makes one more when none is free, counts it and keeps it', () => {
    const pool = new BufferPool({ arena: makeArena(), rows: 64, columns: 1, bitmaps: 0 })
    const addresses = [pool.acquireColumn(), pool.acquireColumn(), pool.acquireColumn()]
    expect(new Set(addresses).size).toBe(3)
    expect(pool.columnStats).toEqual({ inUse: 3, size: 3, misses: 2 })
    for (const address of addresses) pool.releaseColumn(address)
    pool.acquireColumn()
    expect(pool.columnStats).toEqual({ inUse: 1, size: 3, misses: 2 })
    pool.acquireBitmap()
    expect(pool.bitmapStats).toEqual({ inUse: 1, size: 1, misses: 1 })
  })

  it('refuses a second release and what it never gave', () => {
    const pool = new BufferPool({ arena: makeArena(), rows: 64 })
    const column = pool.acquireColumn()
    pool.releaseColumn(column)
    expect(() => pool.releaseColumn(column)).toThrow(expect.objectContaining({ code: 'DOUBLE_RELEASE' }))
    expect(() => pool.releaseBitmap(column)).toThrow(expect.objectContaining({ code: 'DOUBLE_RELEASE' }))
    expect(() => pool.releaseColumn(7)).toThrow(expect.objectContaining({ code: 'DOUBLE_RELEASE' }))
    expect(pool.columnStats).toEqual({ inUse: 0, size: 8, misses: 0 })
  })

  it('gives all memory back, and stays unchanged when there is none left', () => {
    const arena = makeArena('js', 2 ** 16)
    const pool = new BufferPool({ arena, rows: 1024, columns: 1, bitmaps: 1 })
    for (let i = 0; i < 7; i++) pool.acquireColumn()
    const before = pool.columnStats
    expect(() => pool.acquireColumn()).toThrow(expect.objectContaining({ code: 'STATE_FULL' }))
    expect(pool.columnStats).toEqual(before)
    pool.close()
    expect(arena.bytesInUse).toBe(0)
  })
})
