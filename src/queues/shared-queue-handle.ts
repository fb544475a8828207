import { optionInvalid, schemaInvalid, show } from '../errors.ts'
import type { SharedBytes } from '../memory/linear-memory.ts'
import type { SharedRingKind } from '../memory/shared-ring.ts'
import { checkOptions } from '../options.ts'
import { MAX_CAPACITY } from '../runtime/event-store/event-store.ts'
import { BYTE_WIDTH, type DataType, type TypeName, typeOf } from '../schema/data-type.ts'
import { checkSchema, type Schema } from '../schema/schema.ts'
import { sharedBytesOf } from './shared-memory.ts'

/** What a push into a full queue does: wait (at most so long), evict the oldest, or be refused. */
export type SharedStrategy =
  | 'block'
  | 'drop-oldest'
  | 'drop-newest'
  | { readonly kind: 'block'; readonly timeoutMs: number }

/** A shared queue as a plain object: `postMessage` it, or pass it as `workerData`, and `SharedEventQueue.attach` it there. */
export interface SharedQueueHandle {
  readonly format: 'eventflux/shared-queue/1'
  readonly memory: SharedBytes
  readonly kind: SharedRingKind
  readonly capacity: number
  readonly members: number
  readonly backpressure: SharedStrategy
  /** Name, type, and whether it can be null; none for a queue of numbers. */
  readonly fields: readonly (readonly [string, TypeName, boolean])[] | undefined
}

export const HANDLE_FORMAT = 'eventflux/shared-queue/1'
const BLOCK = { kind: true, timeoutMs: true } as const
/** Most threads at one queue. */
export const MAX_MEMBERS = 1_024

/** @throws EventfluxError `OPTION_INVALID` for what isn't a handle, or one out of range. */
export function checkHandle(handle: SharedQueueHandle): SharedQueueHandle {
  if (typeof handle !== 'object' || handle === null || handle.format !== HANDLE_FORMAT) {
    throw optionInvalid(`this is no handle of a shared queue: ${show(handle)}`, { value: handle })
  }
  const { memory, kind, capacity, members, fields } = handle
  sharedBytesOf(memory)
  if (kind !== 'spsc' && kind !== 'mpmc') throw badOption('kind', "'spsc' or 'mpmc'", kind)
  checkRange('capacity', capacity, MAX_CAPACITY)
  checkRange('members', members, MAX_MEMBERS)
  checkStrategy(handle.backpressure, kind)
  if (fields !== undefined) checkFields(fields)
  return handle
}

/** @throws EventfluxError `OPTION_INVALID` */
export function checkStrategy(strategy: SharedStrategy, kind: SharedRingKind): SharedStrategy {
  if (strategy === 'drop-oldest' && kind === 'spsc') {
    throw optionInvalid("'drop-oldest' takes events out on the side of the producer: make the queue of kind 'mpmc'", {
      value: strategy,
      at: 'backpressure',
    })
  }
  if (strategy === 'block' || strategy === 'drop-oldest' || strategy === 'drop-newest') return strategy
  if (strategy?.kind === 'block' && typeof strategy.timeoutMs === 'number' && strategy.timeoutMs >= 0) {
    checkOptions("the strategy 'block'", strategy, BLOCK)
    return strategy
  }
  throw badOption(
    'backpressure',
    "of a shared queue is 'block', 'drop-oldest', 'drop-newest' or { kind: 'block', timeoutMs }",
    strategy,
  )
}

/** @throws EventfluxError `OPTION_INVALID` unless it is an integer from 1 on. */
export function checkRange(option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw badOption(option, `an integer from 1 to ${most}`, value)
}

/** A schema's columns as they are in a handle. @throws EventfluxError `SCHEMA_INVALID` for text. */
export function columnsOf(schema: Schema): NonNullable<SharedQueueHandle['fields']> {
  checkSchema('what is between threads', schema)
  return schema.fields.map(({ name, type }) => {
    if (type.name !== 'utf8' && type.name !== 'object') return [name, type.name, type.isNullable] as const
    throw schemaInvalid(
      `${show(name)} is ${type.name}, which can't be in a queue between threads: send a number for it`,
      {
        at: name,
      },
    )
  })
}

/** @throws EventfluxError `OPTION_INVALID` for what can't be the fields of a handle. */
export function checkFields(fields: unknown): NonNullable<SharedQueueHandle['fields']> {
  if (Array.isArray(fields) && fields.every(isField)) return fields
  throw badOption('fields', 'an array of names, types and whether they can be null', fields)
}

function isField(field: unknown): boolean {
  if (!Array.isArray(field)) return false
  const [name, type, isNullable] = field as readonly unknown[]
  if (typeof name !== 'string' || typeof type !== 'string' || typeof isNullable !== 'boolean') return false
  return Object.hasOwn(BYTE_WIDTH, type) && type !== 'utf8' && type !== 'object'
}

/** The columns of a handle. */
export function typesOf(fields: NonNullable<SharedQueueHandle['fields']>): Record<string, DataType> {
  return Object.fromEntries(fields.map(([name, type, isNullable]) => [name, typeOf(type, isNullable)]))
}

function badOption(option: string, expected: string, value: unknown): Error {
  return optionInvalid(`${option} is ${expected}, not ${show(value)}`, { value, at: option })
}
