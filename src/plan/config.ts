import { optionInvalid, show } from '../errors.ts'
import type { EngineChoice } from '../kernels/engine.ts'
import type { MetricsLevel } from '../metrics/metrics-snapshot.ts'
import { type BackpressureStrategy, type NormalisedStrategy, normaliseStrategy } from './backpressure-strategy.ts'
import { DEFAULT_BUFFER_SIZE, DEFAULT_MAX_BATCH } from './default-capacity.ts'

/** How a pipeline runs. Every option has a default. */
export interface PipelineConfig {
  /** Events an edge holds: exactly this many. 1 to 2^26; 65,536 by default. */
  readonly bufferSize?: number
  /**
   * Most bytes the events waiting at an edge may take: their columns, and two bytes a UTF-16 unit of text. An edge at this
   * bound is full. One event alone may be larger: it gets in when the edge is empty. No bound by default.
   */
  readonly maxBytes?: number
  /** What a push into a full edge does; `'block'` by default. */
  readonly backpressure?: BackpressureStrategy
  /** `'basic'` by default. */
  readonly metrics?: MetricsLevel
  /**
   * Shows each operator's work on a batch as a `performance.measure` named `eventflux NAME`, for profilers and
   * `PerformanceObserver`; the last thousand or so of a name stay on the timeline. Needs `metrics: 'detailed'`; does
   * nothing where the runtime has no User Timing. `false` by default.
   */
  readonly userTiming?: boolean
  /** Most bytes of memory a job may use; past it the job fails with `STATE_FULL`. 1 MiB to 4 GiB - 64 KiB; 1 GiB by default. */
  readonly maxMemory?: number
  /** Most keys a keyed operator may hold at once; past it the job fails with `STATE_FULL`. 2^24 by default. */
  readonly maxKeys?: number
  /** `'auto'` by default. */
  readonly engine?: EngineChoice
  /** Most rows handed to an operator at once; answers don't depend on it. 1 to 2^20; 16,384 by default. */
  readonly maxBatch?: number
}

/** A configuration with every default filled in. */
export interface ResolvedConfig {
  readonly bufferSize: number
  readonly maxBytes: number | undefined
  readonly backpressure: NormalisedStrategy
  readonly metrics: MetricsLevel
  readonly userTiming: boolean
  readonly maxMemory: number
  readonly maxKeys: number
  readonly engine: EngineChoice
  readonly maxBatch: number
}

/** Bounds and default of each numeric option. */
const NUMBERS = {
  bufferSize: { low: 1, high: 2 ** 26, default: DEFAULT_BUFFER_SIZE },
  maxBytes: { low: 1, high: Number.MAX_SAFE_INTEGER, default: undefined },
  maxMemory: { low: 2 ** 20, high: 2 ** 32 - 2 ** 16, default: 2 ** 30 },
  maxKeys: { low: 1, high: 2 ** 30, default: 2 ** 24 },
  maxBatch: { low: 1, high: 2 ** 20, default: DEFAULT_MAX_BATCH },
} as const

const METRICS: readonly MetricsLevel[] = [false, 'basic', 'detailed']
const SWITCH: readonly boolean[] = [false, true]
const ENGINES: readonly EngineChoice[] = ['auto', 'wasm', 'js']
const NAMES: readonly string[] = [...Object.keys(NUMBERS), 'backpressure', 'metrics', 'userTiming', 'engine']

/**
 * Checks a configuration and fills in the defaults. Only own properties count; an option set to `undefined` is not set.
 *
 * @throws EventfluxError `OPTION_INVALID` for an unknown option, or a value out of its range.
 */
export function resolveConfig(config: PipelineConfig = {}): ResolvedConfig {
  if (typeof config !== 'object' || config === null)
    throw optionInvalid(`The configuration is an object, not ${show(config)}`, { value: config })
  for (const name of Object.keys(config))
    if (!NAMES.includes(name))
      throw optionInvalid(`There is no option ${show(name)}; the options are ${NAMES.join(', ')}`, { at: name })
  const own = (name: keyof PipelineConfig): unknown => (Object.hasOwn(config, name) ? config[name] : undefined)
  const count = (name: keyof typeof NUMBERS) => integer(name, own(name))
  const metrics = oneOf('metrics', own('metrics'), METRICS, 'basic')
  const userTiming = oneOf('userTiming', own('userTiming'), SWITCH, false)
  if (userTiming && metrics !== 'detailed')
    throw optionInvalid(`userTiming shows what metrics: 'detailed' measures; metrics is ${show(metrics)}`, {
      value: metrics,
      at: 'userTiming',
    })
  return Object.freeze({
    bufferSize: count('bufferSize')!,
    maxBytes: count('maxBytes'),
    backpressure: normaliseStrategy(
      (own('backpressure') === undefined ? 'block' : own('backpressure')) as BackpressureStrategy,
    ),
    metrics,
    userTiming,
    maxMemory: count('maxMemory')!,
    maxKeys: count('maxKeys')!,
    engine: oneOf('engine', own('engine'), ENGINES, 'auto'),
    maxBatch: count('maxBatch')!,
  })
}

function integer(name: keyof typeof NUMBERS, value: unknown): number | undefined {
  const { low, high, default: byDefault } = NUMBERS[name]
  if (value === undefined) return byDefault
  if (typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high) return value
  throw optionInvalid(`${name} is an integer from ${low} to ${high}, not ${show(value)}`, { value, at: name })
}

function oneOf<T>(name: string, value: unknown, allowed: readonly T[], byDefault: T): T {
  if (value === undefined) return byDefault
  const found = allowed.find(one => one === value)
  if (found !== undefined) return found
  throw optionInvalid(`${name} is ${allowed.map(show).join(' or ')}, not ${show(value)}`, { value, at: name })
}
