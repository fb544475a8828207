import { expect, it } from 'vitest'
import { Arena } from '../../src/memory/arena.ts'
import { LinearMemory } from '../../src/memory/linear-memory.ts'

it('views of memory are no good behind an allocation in this run', () => {
  const memory = new LinearMemory({ engine: 'wasm', maxBytes: 65_536 })
  const arena = new Arena(memory)
  const { u8 } = memory
  arena.allocate(64)
  expect(u8).toHaveLength(0)
  expect(memory.u8).toHaveLength(65_536)
})

it('what is allocated holds rubbish in this run, unless zeros were asked for', () => {
  const arena = new Arena(new LinearMemory({ engine: 'wasm', maxBytes: 65_536 }))
  const bytesAt = (address: number) => [...arena.memory.u8.subarray(address, address + 2)]
  const address = arena.allocate(64)
  expect(bytesAt(address)).toEqual([0xa5, 0xa5])
  arena.release(address, 64)
  expect(bytesAt(address)).toEqual([0xdb, 0xdb])
  expect(bytesAt(arena.allocateZeroed(64))).toEqual([0, 0])
})
