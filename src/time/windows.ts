import { optionInvalid, show } from '../errors.ts'
import { type AlignedSpec, checkCumulate, checkHopping, checkTumbling } from './aligned-windows.ts'

export { cumulate, hopping, type TumblingSpec, tumbling } from './aligned-windows.ts'

/** The windows a plan can name; durations in milliseconds. */
export type WindowSpec = AlignedSpec

/**
 * Checks a window given as data and freezes a copy.
 *
 * @throws EventfluxError `OPTION_INVALID`.
 */
export function checkWindow(given: unknown): WindowSpec {
  const spec = given as { readonly kind?: unknown } | null | undefined
  switch (spec?.kind) {
    case 'tumbling':
      return checkTumbling(spec)
    case 'hopping':
      return checkHopping(spec)
    case 'cumulate':
      return checkCumulate(spec)
    default:
      throw optionInvalid(`A window is made by tumbling(size), hopping(size, slide), …, not ${show(given)}`, {
        value: given,
        at: 'window',
      })
  }
}
