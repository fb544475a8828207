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
