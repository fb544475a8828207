import {
  frozen,
  type Given,
  knownOptions,
  type OutputOptions,
  outputOf,
  type WindowOutput,
  wholeNumber,
} from './parameters.ts'

/** The latest `n` rows. */
export interface LengthSpec<O extends WindowOutput = WindowOutput> {
  readonly kind: 'length'
  readonly n: number
  readonly output: O
}

/**
 * The latest `n` rows: each row comes out as it arrives, and the row it drives out expires just before it.
 *
 * @param n At least 1.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * stream.keyBy('symbol').window(length(10)).aggregate(e => ({ mean: avg(e.price) }))
 * ```
 */
export function length<const O extends WindowOutput = 'current'>(
  n: number,
  options: OutputOptions<O> = {},
  ...more: readonly never[]
): LengthSpec<O> {
  const { output } = knownOptions('length', options, ['output'], more)
  return checkLength({ n, output }) as LengthSpec<O>
}

/** @throws EventfluxError `OPTION_INVALID`. */
export const checkLength = (given: Given): LengthSpec =>
  frozen<LengthSpec>({ kind: 'length', n: wholeNumber('length', given, 'n'), output: outputOf('length', given) })
