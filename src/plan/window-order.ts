import { optionInvalid, planInvalid, show } from '../errors.ts'
import type { SortTerm } from '../expression/ordering.ts'
import { MAX_SORT_TERMS } from '../expression/ordering.ts'
import { checkFieldName } from '../schema/schema.ts'
import type { AlignedSpec } from '../time/aligned-windows.ts'
import type { CalendarSpec } from '../time/calendar-windows.ts'
import type { GlobalSpec } from '../time/global-windows.ts'
import { checkWindow } from '../time/windows.ts'

/**
 * Orders the rows of each window for themselves, and keeps some of them: of each value of the columns `by` the rows
 * behind the first `offset`, at most `limit` of them. Rows that are equal stay in the order they came.
 */
export interface WindowOrderNode {
  readonly op: 'windowOrder'
  readonly by: readonly string[]
  /** Empty: rows stay in the order they came. */
  readonly order: readonly SortTerm[]
  readonly offset: number
  readonly limit?: number
  /** `'keep'`: all the rows equal to the last one kept are kept too, and equal rows are of one rank (SQL's RANK). */
  readonly ties: Ties
  /** Name of a column for a row's place in the order, from 1. */
  readonly rank?: string
}

/** The first rows of each window over event time and key, whole; of each key the rows are counted for themselves. */
export interface TopRowsNode extends Omit<WindowOrderNode, 'op'> {
  readonly op: 'topRows'
  readonly window: TopRowsWindow
}

/** The windows rows can be ranked in: those whose bounds are known before any row is, and one over all time. */
type TopRowsWindow = AlignedSpec | CalendarSpec | GlobalSpec

/** Rows stand in their order in one stretch of memory, which those behind a new one move along. */
const MAX_KEPT_ROWS = 10_000

/** What becomes of rows equal to the last one kept. */
export type Ties = 'keep' | 'drop'

/** The parts of a node before they are checked. */
export type WindowOrderParts = { readonly [K in Exclude<keyof WindowOrderNode, 'op' | 'order'>]?: unknown } & {
  readonly order?: readonly SortTerm[]
}

/** @throws EventfluxError `OPTION_INVALID`, `PLAN_INVALID`. */
export function windowOrderNode(given: WindowOrderParts): WindowOrderNode {
  const { by = [], order = [], offset = 0, limit, ties = 'drop', rank } = given
  if (!Array.isArray(by) || by.some(name => typeof name !== 'string'))
    throw planInvalid(`by is a list of columns, not ${show(by)}`, { value: by, at: 'by' })
  if (order.length > MAX_SORT_TERMS) throw planInvalid(`An order has at most ${MAX_SORT_TERMS} terms`)
  if (!isWhole(offset, 0)) throw notWhole('offset', offset, 0)
  if (limit !== undefined && !isWhole(limit, 1)) throw notWhole('limit', limit, 1)
  if (ties !== 'keep' && ties !== 'drop')
    throw optionInvalid(`ties is 'keep' or 'drop', not ${show(ties)}`, { value: ties, at: 'ties' })
  if (rank !== undefined) checkFieldName(rank)
  if (order.length === 0 && (ties === 'keep' || rank !== undefined))
    throw planInvalid('Rows that are in no order have no ranks and no ties: say what to order by')
  if (ties === 'keep' && (limit === undefined || offset > 0))
    throw planInvalid("ties: 'keep' says what becomes of rows equal to the last of a limit from the first row on")
  return Object.freeze({
    op: 'windowOrder',
    by: Object.freeze([...by]),
    order: Object.freeze(order.map(({ expression, direction }) => Object.freeze({ expression, direction }))),
    offset,
    ...(limit !== undefined && { limit }),
    ties,
    ...(rank !== undefined && { rank: rank as string }),
  })
}

/** @throws EventfluxError `OPTION_INVALID`, `PLAN_INVALID`. */
export function topRowsNode(given: unknown, parts: WindowOrderParts): TopRowsNode {
  const window = checkWindow(given)
  if (window.kind === 'session' || window.kind === 'slidingPerEvent')
    throw planInvalid(
      `topRows ranks rows in windows whose bounds are known beforehand, or a global one; ${window.kind} is none of them`,
      {
        value: window.kind,
        at: 'window',
      },
    )
  if (window.kind !== 'global') checkGivesOnce(window)
  const order = windowOrderNode(parts)
  if (order.order.length === 0) throw planInvalid('topRows takes at least one term to order by')
  if (window.kind === 'global') checkKeepsSoMany(order)
  return Object.freeze({ ...order, op: 'topRows', window })
}

function checkGivesOnce(window: AlignedSpec | CalendarSpec): void {
  const givesOthers = 'early' in window || window.emit !== undefined || window.fillEmpty !== undefined
  if (givesOthers || (window.allowedLatenessMs ?? 0) > 0)
    throw planInvalid(
      "topRows gives the final rows of a window: leave out early, emit: 'onUpdate', fillEmpty and allowedLateness, and wait for " +
        'late rows with outOfOrderness',
      { at: 'window' },
    )
}

/** A window that never ends may not keep as many rows as there are equal ones. */
function checkKeepsSoMany({ ties, limit = Number.POSITIVE_INFINITY, offset }: WindowOrderNode): void {
  if (ties === 'keep')
    throw planInvalid("A global window keeps so many rows of a key, whatever comes: leave out ties: 'keep'", {
      at: 'ties',
    })
  if (offset > 0) throw planInvalid('topRows keeps rows from the first on: leave out offset', { at: 'offset' })
  if (limit > MAX_KEPT_ROWS)
    throw optionInvalid(`A global window keeps at most ${MAX_KEPT_ROWS} rows of a key, not ${limit}`, {
      value: limit,
      at: 'limit',
    })
}

const isWhole = (value: unknown, least: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= least

const notWhole = (at: string, value: unknown, least: number) =>
  optionInvalid(`${at} is a whole number, at least ${least}, not ${show(value)}`, { value, at })
