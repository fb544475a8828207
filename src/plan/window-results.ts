import { planInvalid, show } from '../errors.ts'
import type { ExpressionNode } from '../expression/node.ts'
import { collectColumns } from '../expression/walk.ts'
import type { Firing } from '../time/lateness.ts'
import type { ProjectNode, WindowAggregateNode } from './logical-node.ts'

/** Names of the columns that say which window a result is of. */
export const WINDOW_START = 'windowStart'
export const WINDOW_END = 'windowEnd'
/** Name of the column that tells a result taken back from a result given, where a window retracts. */
export const IS_RETRACTION = 'isRetraction'

/** What is known of rows that are results of windows over event time and have the columns that say of which. */
export interface WindowResults {
  /** What a result says where windows give theirs again; left out: each gives its results once, when it is over. */
  readonly again?: Firing
  /** The columns that tell the results of a window apart: those of the same values replace each other. */
  readonly keys: readonly string[]
  /** Why they can't be put in an order. */
  readonly unordered?: string
}

/** What is known of the results of a step. @param allowedLatenessMs Of its windows. */
export function resultsOf({ window, keys }: WindowAggregateNode, allowedLatenessMs: number): WindowResults | undefined {
  if (window.kind === 'global') return undefined
  if (allowedLatenessMs === 0 && window.emit !== 'onUpdate' && !('early' in window)) return { keys }
  const again = window.firing ?? 'accumulating'
  const isLongPast = window.kind === 'session' && window.early !== undefined && again === 'retracting'
  return {
    again,
    keys,
    ...(isLongPast && {
      unordered:
        'sessions take early results back whose bounds may be long past, so none of their windows would ever be complete: ' +
        "leave out early, or say firing: 'accumulating' or 'discarding'",
    }),
  }
}

/** What is known of results behind a condition. @param predicate Left out: a function, which may go by anything. */
export function filteredResults(results: WindowResults, predicate: ExpressionNode | undefined): WindowResults {
  const { again, keys } = results
  const read = predicate === undefined ? undefined : [...collectColumns(predicate, new Set<string>())]
  const stable = [...keys, WINDOW_START, WINDOW_END]
  if (again === 'accumulating' && !read?.every(name => stable.includes(name)))
    return without(
      results,
      'a condition stands before it that a later result may fail after an earlier one met it, which then stays among the ' +
        "rows: put the condition behind, let it go by keys and bounds alone, or say firing: 'retracting'",
    )
  if (again === 'retracting' && (read === undefined || read.includes(IS_RETRACTION)))
    return without(
      results,
      'a condition stands before it that may part a result from what takes it back: put it behind, and let it go by other ' +
        `columns than ${IS_RETRACTION}`,
    )
  return results
}

/** What is known of results behind a projection; undefined where they don't say any more which window they are of. */
export function projectedResults(results: WindowResults, node: ProjectNode): WindowResults | undefined {
  if (!keepsColumn(node, WINDOW_START) || !keepsColumn(node, WINDOW_END)) return undefined
  const { again, keys } = results
  if (again !== 'accumulating' && again !== 'retracting') return results
  const lost = [...keys, ...(again === 'retracting' ? [IS_RETRACTION] : [])].find(name => !keepsColumn(node, name))
  if (lost === undefined) return results
  return without(
    results,
    `a projection stands before it that doesn't keep ${show(lost)} as it is, by which a result finds the one it replaces`,
  )
}

/** What is known of results where another thread takes over: which of them are of one firing is not told there. */
export const stagedResults = (results: WindowResults): WindowResults =>
  results.again === undefined
    ? results
    : without(results, 'a stage begins before it, to which is not told which results come together: order them before')

/**
 * What is known of results that have been put in an order. Where results accumulate, each firing gives all that is kept of
 * its window.
 *
 * @throws EventfluxError `PLAN_INVALID` where they can't be.
 */
export function orderedResults(results: WindowResults | undefined): WindowResults {
  if (results === undefined)
    throw planInvalid(
      'orderBy, limit and topN apply to the results of one window: they come behind window(…).aggregate(…), before ' +
        `mapRows and process, and where projections keep ${WINDOW_START} and ${WINDOW_END} as they are`,
    )
  const { unordered } = results
  if (unordered !== undefined)
    throw planInvalid(`orderBy, limit and topN can't follow results that are given again here: ${unordered}`)
  return results.again === 'accumulating' ? { ...results, again: 'discarding' } : results
}

/** Whether a projection hands a column on under its name and as it is. */
export const keepsColumn = ({ columns }: ProjectNode, column: string): boolean =>
  columns.some(({ name, expression }) => name === column && expression.kind === 'column' && expression.name === column)

const without = (results: WindowResults, unordered: string): WindowResults => ({ ...results, unordered })
