import { describe, expect, it } from 'vitest'
import { StateManager } from '../../src/checkpoint/state-manager.ts'
import { csvSource, ndjsonSource } from '../../src/connector/byte-source.ts'
import { csvDecoder } from '../../src/connector/csv-decoder.ts'
import { ndjsonDecoder } from '../../src/connector/ndjson-decoder.ts'
import { ProcessorChain } from '../../src/connector/processor-chain.ts'
import { SharedEventPool } from '../../src/queues/shared-event-pool.ts'
import { SharedEventQueue } from '../../src/queues/shared-event-queue.ts'
import { EventPool } from '../../src/runtime/event-pool.ts'
import { EventQueue } from '../../src/runtime/event-queue.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

// Parts by themselves, made by a program without types.

// biome-ignore lint/suspicious/noExplicitAny: what a caller without types can write
type Untyped = any

const readings = schema({ time: timestamp(), sensor: utf8(), celsius: f64() })

describe('options that are missing where some are needed', () => {
  it.each<[string, () => unknown]>([
    ['EventQueue', () => new EventQueue(undefined as Untyped)],
    ['EventQueue.rows', () => EventQueue.rows(readings, undefined as Untyped)],
    ['EventPool', () => new EventPool(readings, undefined as Untyped)],
    ['SharedEventPool', () => SharedEventPool.create(readings, undefined as Untyped)],
    ['SharedEventQueue', () => SharedEventQueue.numbers(undefined as Untyped)],
    ['StateManager', () => new StateManager(undefined as Untyped)],
  ])('are told to be, by %s', (owner, make) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: 'OPTION_INVALID',
        message: `The options of ${owner} are an object, not undefined`,
      }),
    )
  })
})

describe('columns where a schema of them belongs', () => {
  const columns = { x: f64() } as Untyped
  it.each<[string, () => unknown]>([
    ['EventQueue.rows', () => EventQueue.rows(columns, { capacity: 1 })],
    ['EventPool', () => new EventPool(columns, { capacity: 1 })],
    ['SharedEventPool.create', () => SharedEventPool.create(columns, { capacity: 1 })],
    ['SharedEventQueue.rows', () => SharedEventQueue.rows(columns, { capacity: 1 })],
    ['csvDecoder', () => csvDecoder(columns)],
    ['ndjsonDecoder', () => ndjsonDecoder(columns)],
  ])('are told to be none, by %s', (_, make) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: 'SCHEMA_INVALID',
        message: expect.stringContaining('schema({ … }), not an object'),
      }),
    )
  })
})

describe('options where a schema belongs', () => {
  it('are told to be no schema', () => {
    for (const source of [ndjsonSource, csvSource])
      expect(() => source('', { timestamps: 'iso' } as Untyped)).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID', at: 'schema' }),
      )
  })
})

describe('a chain that has nobody to give rows to', () => {
  it('says so', () => {
    const chain = new ProcessorChain<number, number>([{ process: (n, emit) => emit(n) }])
    expect(() => chain.process(1, undefined as Untyped)).toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID', at: 'emit' }),
    )
  })
})
