import { optionInvalid, show } from '../errors.ts'

/** Longest gap that is filled unless another is asked for, in windows. */
const DEFAULT_LIMIT = 1_000
const MOST_LIMIT = 1_000_000

/** Whether windows without rows give results too. */
export interface FillOptions {
  /**
   * Whether windows between two with rows give results though they have none: count 0, and null. Each key is filled for
   * itself, when its next window with rows gives a result: rows for the windows since its last one come right before. A key
   * is filled no further than to its last window with rows, and a gap of more than `limit` windows (default: 1,000) stays
   * one, so that a single row far ahead can't set off rows without end.
   */
  readonly fillEmpty?: boolean | { readonly limit: number }
}

/** The same as data. */
export interface FillSpec {
  /** Present when gaps of at most so many windows are filled. */
  readonly fillEmpty?: number
}

/** Whether results may be of windows without rows, in the type of options. */
export type FillOf<O> = O extends { readonly fillEmpty: true | { readonly limit: number } }
  ? { readonly fillEmpty: number }
  : unknown

/** Options as data; not checked otherwise. */
export function fillSpec({ fillEmpty = false }: FillOptions): { readonly fillEmpty?: unknown } {
  if (fillEmpty === false) return {}
  return {
    fillEmpty:
      typeof fillEmpty === 'object' ? (fillEmpty?.limit ?? null) : fillEmpty === true ? DEFAULT_LIMIT : fillEmpty,
  }
}

/** Checks options given as data and copies them. @throws EventfluxError `OPTION_INVALID`. */
export function checkFill(given: { readonly fillEmpty?: unknown; readonly firing?: unknown }): FillSpec {
  const { fillEmpty, firing } = given
  if (fillEmpty === undefined) return {}
  if (!Number.isSafeInteger(fillEmpty) || (fillEmpty as number) < 1 || (fillEmpty as number) > MOST_LIMIT)
    throw optionInvalid(`fillEmpty is true or { limit: 1 … ${MOST_LIMIT} }, not ${show(fillEmpty)}`, {
      value: fillEmpty,
      at: 'fillEmpty',
    })
  if (firing === 'retracting')
    throw optionInvalid("Windows that fill gaps can't take back what they filled: fillEmpty with firing 'retracting'", {
      value: firing,
      at: 'firing',
    })
  return { fillEmpty: fillEmpty as number }
}

/** The option as `explain()` shows it behind a window. */
export const describeFill = ({ fillEmpty }: FillSpec): string =>
  fillEmpty === undefined ? '' : `, gaps filled up to ${fillEmpty} windows`
