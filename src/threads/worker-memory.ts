import { bytesTaken, FIRST_ADDRESS } from '../memory/arena.ts'
import { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { instantiateKernels } from '../wasm/instantiate.ts'
import { frameRingBytes, frameRingMemory } from './frame-ring.ts'
import type { WorkerJob } from './worker-job.ts'

const PAGE_BYTES = 65_536
const MOST_PAGES = 65_535

/** The memory of a worker whose input is a part of it, seen from another thread: nothing but that input is to be touched. */
export interface WorkerMemory {
  readonly memory: LinearMemory
  readonly kernels: KernelExports
}

/** The input of a worker, as a part of the memory its kernels work on where that can be shared. */
export function inputWithin(
  capacity: number,
  engine: 'wasm' | 'js',
  maxMemory: number,
): Pick<WorkerJob, 'input' | 'within'> {
  const bytes = frameRingBytes(capacity, 1)
  const place = { at: FIRST_ADDRESS, bytes }
  const initial = Math.ceil((place.at + bytesTaken(bytes)) / PAGE_BYTES) + 1
  const maximum = Math.floor(Math.min(maxMemory / PAGE_BYTES, MOST_PAGES))
  if (engine === 'wasm' && initial < maximum) {
    try {
      const memory = new WebAssembly.Memory({ initial, maximum, shared: true })
      return { input: memory.buffer as unknown as SharedArrayBuffer, within: { memory, place } }
    } catch {
      // The system may not give what might be needed at once: then rows are copied.
    }
  }
  return { input: frameRingMemory(capacity, 1), within: undefined }
}

/** The memory of a worker with the kernels it has compiled for it; undefined: its input is no part of that. */
export async function seenFromHere(
  within: WorkerJob['within'],
  compiled: WebAssembly.Module | undefined,
): Promise<WorkerMemory | undefined> {
  if (within === undefined || compiled === undefined) return undefined
  const { memory } = within
  return { memory: new LinearMemory({ over: memory }), kernels: await instantiateKernels(compiled, memory) }
}
