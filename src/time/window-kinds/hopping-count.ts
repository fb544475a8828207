import { optionInvalid } from '../../errors.ts'
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

/** The latest `n` rows at every `every`-th arrival. */
export interface HoppingCountSpec<O extends WindowOutput = WindowOutput> extends BatchSpec<O> {
  readonly kind: 'hoppingCount'
  readonly n: number
  readonly every: number
  readonly waitForFull: boolean
}

/** Options of `hoppingCount`. */
interface HoppingCountOptions<O extends WindowOutput> extends BatchOptions<O> {
  /** Whether nothing comes out before `n` rows were seen: true, the default, as in eKuiper; false as in Flink. */
  readonly waitForFull?: boolean
}

/**
 * At every `every`-th arrival the latest `n` rows, as a batch; the rows of the batch before expire first.
 *
 * @param n At least 1.
 * @param every From 1 to `n`.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.window(hoppingCount(100, 10)).aggregate(e => ({ mean: avg(e.price) }))
 * ```
 */
export function hoppingCount<const O extends WindowOutput = 'current'>(
  n: number,
  every: number,
  options: HoppingCountOptions<O> = {},
  ...more: readonly never[]
): HoppingCountSpec<O> {
  const names = ['output', 'rows', 'emitIncomplete', 'waitForFull'] as const
  return checkHoppingCount({ ...knownOptions('hoppingCount', options, names, more), n, every }) as HoppingCountSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export function checkHoppingCount(given: Given): HoppingCountSpec {
  const n = wholeNumber('hoppingCount', given, 'n')
  const every = wholeNumber('hoppingCount', given, 'every')
  if (every > n)
    throw optionInvalid(`hoppingCount(${n}, ${every}) would leave rows out: every is at most n`, {
      value: every,
      at: 'every',
    })
  const waitForFull = flag('hoppingCount', given, 'waitForFull', true)
  return frozen<HoppingCountSpec>({
    kind: 'hoppingCount',
    n,
    every,
    waitForFull,
    ...batchOutputOf('hoppingCount', given),
  })
}
