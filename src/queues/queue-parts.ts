import { optionInvalid } from '../errors.ts'
import type { Engine } from '../kernels/engine.ts'
import { attachSharedEngine, createSharedEngine } from '../kernels/shared-engine.ts'
import { SharedRing, sharedRingBytes } from '../memory/shared-ring.ts'
import { f64 } from '../schema/data-type.ts'
import { type Schema, schema as schemaOf } from '../schema/schema.ts'
import { SHARED_KERNELS } from '../wasm/packaged/inline-shared.ts'
import { markOf, sharedBytesOf } from './shared-memory.ts'
import { checkHandle, HANDLE_FORMAT, type SharedQueueHandle, typesOf } from './shared-queue-handle.ts'
import { type SharedEventQueueOptions, sharedOptions } from './shared-queue-options.ts'

/** What a shared queue is made of on one thread. */
export interface QueueParts {
  readonly handle: SharedQueueHandle
  readonly engine: Engine
  readonly ring: SharedRing
  readonly schema: Schema
}

/** The columns of a queue of numbers. */
const NUMBERS = schemaOf({ value: f64() }) as unknown as Schema

/** An empty queue in new memory. */
export function newQueue(fields: SharedQueueHandle['fields'], options: SharedEventQueueOptions): QueueParts {
  const { engine: choice, ...rest } = sharedOptions(options)
  const schema = schemaBehind(fields)
  const shape = { ...rest, fields: schema.fields }
  const engine = createSharedEngine(choice, SHARED_KERNELS, sharedRingBytes(shape))
  const memory = engine.memory.wasm ?? (engine.memory.u8.buffer as SharedArrayBuffer)
  const handle: SharedQueueHandle = { format: HANDLE_FORMAT, memory, ...rest, fields }
  const ring = new SharedRing(engine.memory, shape)
  ring.initialise()
  ring.mark = layoutMark(handle)
  return { handle, engine, ring, schema }
}

/** The queue that a handle speaks of. @throws EventfluxError `OPTION_INVALID` for what is no handle, or not that of its memory. */
export function queueBehind(given: SharedQueueHandle): QueueParts {
  const handle = checkHandle(given)
  const schema = schemaBehind(handle.fields)
  const shape = { ...handle, fields: schema.fields }
  const { byteLength } = sharedBytesOf(handle.memory)
  if (sharedRingBytes(shape) > byteLength)
    throw optionInvalid(
      `the memory of the handle has ${byteLength} bytes and its queue takes ${sharedRingBytes(shape)}`,
      { at: 'memory' },
    )
  const engine = attachSharedEngine(handle.memory, SHARED_KERNELS)
  const ring = new SharedRing(engine.memory, shape)
  if (ring.mark !== layoutMark(handle))
    throw optionInvalid('the memory of the handle is not that of the queue it describes: pass on what share() gave', {
      at: 'memory',
    })
  return { handle, engine, ring, schema }
}

function schemaBehind(fields: SharedQueueHandle['fields']): Schema {
  return fields === undefined ? NUMBERS : (schemaOf(typesOf(fields)) as unknown as Schema)
}

function layoutMark({ format, kind, capacity, members, fields }: SharedQueueHandle): number {
  return markOf(format, kind, capacity, members, fields ?? null)
}
