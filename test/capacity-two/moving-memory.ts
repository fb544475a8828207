import { Arena } from '../../src/memory/arena.ts'
import type { LinearMemory } from '../../src/memory/linear-memory.ts'

// In the second run of the tests memory moves at every allocation, as it does where it has to grow for one: whoever kept a
// view across it reads nothing.

const VIEWS = ['u8', 'i32', 'u32', 'f32', 'f64', 'i64'] as const
const { allocate } = Arena.prototype

function move(memory: LinearMemory): void {
  const { wasm } = memory
  if (wasm === undefined || wasm.buffer instanceof SharedArrayBuffer) return
  wasm.grow(0)
  for (const view of VIEWS) {
    const View = memory[view].constructor as new (buffer: ArrayBuffer) => never
    memory[view] = new View(wasm.buffer)
  }
}

// Sources are loaded once for all files of the run, and this is run for each of them.
if (!('moves' in allocate)) {
  const moving = function (this: Arena, bytes: number): number {
    const address = allocate.call(this, bytes)
    move(this.memory)
    return address
  }
  Arena.prototype.allocate = Object.assign(moving, { moves: true })
}
