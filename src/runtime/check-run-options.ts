import type { RestoreOptions } from '../checkpoint/restore.ts'
import { optionInvalid } from '../errors.ts'
import {
  checkOptions,
  expectClock,
  expectOption,
  expectRandom,
  expectSignal,
  isFunction,
  isObject,
  type OptionNames,
} from '../options.ts'
import type { CheckpointOptions } from './checkpoint-options.ts'
import type { RestartPolicy, RunOptions } from './run-options.ts'

const NAMES: OptionNames<RunOptions<never, never>> = {
  source: true,
  sources: true,
  sink: true,
  onBatch: true,
  sinks: true,
  errors: true,
  maxInFlight: true,
  readAhead: true,
  workers: true,
  distribution: true,
  order: true,
  restart: true,
  clock: true,
  random: true,
  runtime: true,
  checkpoint: true,
  restore: true,
  signal: true,
}

const CHECKPOINT: OptionNames<CheckpointOptions> = {
  store: true,
  retain: true,
  fullEvery: true,
  compress: true,
  everyMs: true,
  everyEvents: true,
  onFailure: true,
}
const RESTART: OptionNames<RestartPolicy> = { attempts: true, delayMs: true, logBytes: true, onRestart: true }
const RESTORE: OptionNames<RestoreOptions> = {
  from: true,
  id: true,
  fallBack: true,
  ifNone: true,
  migrate: true,
  allowDropped: true,
  allowNew: true,
  maxBytes: true,
}

/**
 * Checks what no part of a job looks at by itself: names of options, and what has to have certain methods.
 *
 * @throws EventfluxError `OPTION_INVALID`
 */
export function checkRunOptions(options: RunOptions<never, never>): void {
  checkOptions('run', options, NAMES)
  const { sink, onBatch, sources, sinks, errors, readAhead, clock, random, signal, checkpoint, restore } = options
  if (sink !== undefined && onBatch !== undefined)
    throw optionInvalid('results go to a sink, as rows, or to onBatch, as columns: run takes one of them', {
      at: 'onBatch',
    })
  expectOption('onBatch', onBatch, isFunction, 'a function that takes batches')
  expectOption('sources', sources, Array.isArray, 'an array of sources')
  expectOption('sinks', sinks, isObject, 'an object of sinks by the names of branches')
  expectOption('errors', errors, isObject, 'an object of policies by the names of stages')
  expectOption('readAhead', readAhead, isCount, 'an integer of at least 1')
  expectClock(clock)
  expectRandom(random)
  expectSignal(signal)
  expectOption('distribution', options.distribution, isDistribution, "'keys' or 'batches'")
  checkOptions('checkpoint', checkpoint, CHECKPOINT)
  checkOptions('restart', options.restart, RESTART)
  if (isObject(restore) && !(restore instanceof Uint8Array) && !('list' in (restore as object)))
    checkOptions('restore', restore, RESTORE)
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 1

const isDistribution = (value: unknown): boolean => value === 'keys' || value === 'batches'
