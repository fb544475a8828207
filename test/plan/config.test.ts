import { describe, expect, it } from 'vitest'
import { type BackpressureStrategy, normaliseStrategy } from '../../src/plan/backpressure-strategy.ts'
import { type PipelineConfig, resolveConfig } from '../../src/plan/config.ts'

const refused = expect.objectContaining({ code: 'OPTION_INVALID' })

describe('resolveConfig', () => {
  it('fills in every default', () => {
    expect(resolveConfig()).toEqual({
      bufferSize: 65_536,
      maxBytes: undefined,
      backpressure: { kind: 'block' },
      metrics: 'basic',
      userTiming: false,
      maxMemory: 2 ** 30,
      maxKeys: 2 ** 24,
      engine: 'auto',
      maxBatch: 16_384,
    })
    expect(resolveConfig({ metrics: false, engine: 'js', bufferSize: 1 })).toMatchObject({
      metrics: false,
      engine: 'js',
      bufferSize: 1,
    })
    expect(Object.isFrozen(resolveConfig())).toBe(true)
  })

  it.each<[keyof PipelineConfig, unknown[]]>([
    ['bufferSize', [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 26 + 1, 1e300, '8', null, 8n, {}]],
    ['maxBytes', [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1kB']],
    ['maxMemory', [0, 1_000, 2 ** 32, Number.NaN, 2 ** 20 + 0.5]],
    ['maxKeys', [0, -1, 1.5, 2 ** 31, Number.NaN]],
    ['maxBatch', [0, 2 ** 20 + 1, 1.5, Number.NaN]],
    ['metrics', [true, 'all', 0, null]],
    ['userTiming', [1, 'yes', null, true]],
    ['engine', ['WASM', true, null]],
    ['backpressure', ['dropOldest', 1, true, [], { kind: 'x' }, {}]],
  ])('refuses %s out of its range', (name, values) => {
    for (const value of values) expect(() => resolveConfig({ [name]: value })).toThrow(refused)
  })

  it('accepts the ends of every range', () => {
    for (const config of [
      { bufferSize: 2 ** 26 },
      { maxBytes: Number.MAX_SAFE_INTEGER },
      { maxMemory: 2 ** 20 },
      { maxMemory: 2 ** 32 - 2 ** 16 },
      { maxKeys: 2 ** 30 },
      { maxBatch: 2 ** 20 },
      { maxBatch: 1 },
    ])
      expect(resolveConfig(config)).toMatchObject(config)
  })

  it('refuses options it does not know, and reads own ones only', () => {
    expect(() => resolveConfig({ bufferSise: 1 } as PipelineConfig)).toThrow(/bufferSise/)
    expect(() => resolveConfig(JSON.parse('{"__proto__": 1}'))).toThrow(refused)
    expect(resolveConfig(Object.create({ bufferSize: 1 })).bufferSize).toBe(65_536)
    for (const config of [null, 1, 'x'])
      expect(() => resolveConfig(config as unknown as PipelineConfig)).toThrow(refused)
  })
})

describe('normaliseStrategy', () => {
  it.each<[BackpressureStrategy, unknown]>([
    ['block', { kind: 'block' }],
    ['drop-oldest', { kind: 'drop-oldest' }],
    ['drop-newest', { kind: 'drop-newest' }],
    ['unbounded', { kind: 'unbounded' }],
    ['error', { kind: 'error' }],
    [
      { kind: 'block', timeoutMs: 0 },
      { kind: 'block', timeoutMs: 0 },
    ],
    [
      { kind: 'unbounded', maxBytes: 1 },
      { kind: 'unbounded', maxBytes: 1 },
    ],
    [
      { kind: 'backoff', initialMs: 1, factor: 2, maxMs: 100, attempts: 5 },
      { kind: 'backoff', initialMs: 1, factor: 2, maxMs: 100, attempts: 5, jitter: 'full' },
    ],
    [
      { kind: 'circuit-breaker', failureThreshold: 3, recoveryMs: 1_000 },
      { kind: 'circuit-breaker', failureThreshold: 3, recoveryMs: 1_000 },
    ],
  ])('brings %j to its long form', (given, long) => {
    const normalised = normaliseStrategy(given)
    expect(normalised).toEqual(long)
    expect(Object.isFrozen(normalised)).toBe(true)
    expect(normaliseStrategy(normalised as BackpressureStrategy)).toEqual(long)
  })

  it.each([
    'Block',
    'toString',
    '',
    null,
    undefined,
    7,
    { kind: 'block', timeoutMs: -1 },
    { kind: 'block', timeoutMs: Number.NaN },
    { kind: 'block', timeoutMs: Number.POSITIVE_INFINITY },
    { kind: 'unbounded', maxBytes: 0 },
    { kind: 'unbounded', maxBytes: 1.5 },
    { kind: 'backoff', initialMs: 0, factor: 2, maxMs: 100, attempts: 5 },
    { kind: 'backoff', initialMs: 1, factor: 0.5, maxMs: 100, attempts: 5 },
    { kind: 'backoff', initialMs: 10, factor: 2, maxMs: 5, attempts: 5 },
    { kind: 'backoff', initialMs: 1, factor: 2, maxMs: 100, attempts: 0 },
    { kind: 'backoff', initialMs: 1, factor: 2, maxMs: 100, attempts: 1.5 },
    { kind: 'backoff', initialMs: 1, factor: 2, maxMs: 100, attempts: 5, jitter: 'some' },
    { kind: 'circuit-breaker', failureThreshold: 0, recoveryMs: 1 },
    { kind: 'circuit-breaker', failureThreshold: 1, recoveryMs: 0 },
    { kind: 'circuit-breaker', failureThreshold: 1 },
  ])('refuses %j', given => {
    expect(() => normaliseStrategy(given as BackpressureStrategy)).toThrow(refused)
  })
})
