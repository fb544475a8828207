import { Arena } from '../../src/memory/arena.ts'
import type { LinearMemory } from '../../src/memory/linear-memory.ts'

// In the second run of the tests memory moves at every allocation, as it does where it has to grow for one: whoever kept a
// view across it reads nothing. What is allocated holds rubbish, and so does what was given back.

const VIEWS = ['u8', 'i32', 'u32', 'f32', 'f64', 'i64'] as const
const { allocate, release } = Arena.prototype

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
    const { bytesInUse } = this
    const address = allocate.call(this, bytes)
    this.memory.u8.fill(0xa5, address, address + this.bytesInUse - bytesInUse)
    move(this.memory)
    return address
  }
  Arena.prototype.allocate = Object.assign(moving, { moves: true })
  Arena.prototype.allocateZeroed = function (bytes: number): number {
    const address = this.allocate(bytes)
    this.memory.u8.fill(0, address, address + bytes)
    return address
  }
  Arena.prototype.release = function (address: number, bytes: number): void {
    const { bytesInUse } = this
    release.call(this, address, bytes)
    this.memory.u8.fill(0xdb, address, address + bytesInUse - this.bytesInUse)
  }
}
