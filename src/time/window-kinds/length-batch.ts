import {
  type BatchOptions,
  type BatchSpec,
  batchOutputOf,
  flag,
  frozen,
  type Given,
  knownOptions,
  type WindowOutput,
  wholeNumber,
} from './parameters.ts'

/** Batches of `n` rows. */
export interface LengthBatchSpec<O extends WindowOutput = WindowOutput> extends BatchSpec<O> {
  readonly kind: 'lengthBatch'
  readonly n: number
  readonly streamCurrent: boolean
}

/** Options of `lengthBatch`. */
interface LengthBatchOptions<O extends WindowOutput> extends BatchOptions<O> {
  /** Whether a row comes out as it arrives; its batch expires when the next one begins. */
  readonly streamCurrent?: boolean
}

/**
 * Batches of `n` rows: at every n-th arrival the batch before expires and the `n` rows come out; aggregates start
 * afresh with each batch. What is left over when a bounded input ends comes out with `emitIncomplete` only.
 *
 * @param n At least 1.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.window(lengthBatch(100)).aggregate(e => ({ volume: sum(e.size) })) // a row per 100 trades
 * ```
 */
export function lengthBatch<const O extends WindowOutput = 'current'>(
  n: number,
  options: LengthBatchOptions<O> = {},
  ...more: readonly never[]
): LengthBatchSpec<O> {
  const names = ['output', 'rows', 'emitIncomplete', 'streamCurrent'] as const
  return checkLengthBatch({ ...knownOptions('lengthBatch', options, names, more), n }) as LengthBatchSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export const checkLengthBatch = (given: Given): LengthBatchSpec =>
  frozen<LengthBatchSpec>({
    kind: 'lengthBatch',
    n: wholeNumber('lengthBatch', given, 'n'),
    streamCurrent: flag('lengthBatch', given, 'streamCurrent'),
    ...batchOutputOf('lengthBatch', given),
  })
