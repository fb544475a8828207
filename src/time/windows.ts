import { optionInvalid, show } from '../errors.ts'
import { type Duration, durationMs } from './duration.ts'

/** The windows a plan can name; durations in milliseconds. */
export type WindowSpec = TumblingSpec

/** Windows `[start, start + sizeMs)` side by side, with starts at `offsetMs` + k × `sizeMs` from the epoch. */
export interface TumblingSpec {
  readonly kind: 'tumbling'
  readonly sizeMs: number
  readonly offsetMs: number
}

/**
 * Tumbling windows: every row belongs to exactly one. They are aligned to the epoch, shifted by `offset`.
 *
 * @param size More than 0.
 * @param options.offset Shift of the window edges; may be negative, smaller than `size` either way.
 * @throws EventfluxError `OPTION_INVALID`.
 *
 * @example
 * ```ts
 * tumbling('1m')
 * tumbling('1d', { offset: '-8h' })
 * ```
 */
export function tumbling(size: Duration, options: { readonly offset?: Duration } = {}): WindowSpec {
  return checkWindow({
    kind: 'tumbling',
    sizeMs: durationMs(size, 'size'),
    offsetMs: durationMs(options.offset ?? 0, 'offset'),
  })
}

/**
 * Checks a window given as data and freezes a copy.
 *
 * @throws EventfluxError `OPTION_INVALID`.
 */
export function checkWindow(given: unknown): WindowSpec {
  const spec = given as Partial<TumblingSpec> | null | undefined
  if (typeof spec !== 'object' || spec === null || spec.kind !== 'tumbling')
    throw optionInvalid(`A window is made by tumbling(size), not ${show(given)}`, { value: given, at: 'window' })
  const { kind, sizeMs, offsetMs } = spec
  if (!Number.isSafeInteger(sizeMs) || sizeMs! <= 0)
    throw optionInvalid(`The size of a window is more than 0 ms, not ${show(sizeMs)}`, { value: sizeMs, at: 'size' })
  if (!Number.isSafeInteger(offsetMs) || Math.abs(offsetMs!) >= sizeMs!)
    throw optionInvalid(`The offset of a window is smaller than its size (${sizeMs} ms), not ${show(offsetMs)}`, {
      value: offsetMs,
      at: 'offset',
    })
  return Object.freeze({ kind, sizeMs: sizeMs!, offsetMs: offsetMs! })
}
