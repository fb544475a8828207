import { optionInvalid, planInvalid, show } from '../errors.ts'
import { formatDuration } from '../time/duration.ts'

/** Which rows of each stretch come out. */
export type OutputKind = 'all' | 'first' | 'last' | 'snapshot'

const KINDS: readonly unknown[] = ['all', 'first', 'last', 'snapshot'] satisfies OutputKind[]

/**
 * Thins the output out (Siddhi's output rate limiting): of every `rows` rows, or of every `everyMs` of the clock, all of
 * them together, the first, or the last; or what stands then. `by`: of each value of these columns.
 */
export interface OutputNode {
  readonly op: 'output'
  readonly which: OutputKind
  /** This or `everyMs`. */
  readonly rows?: number
  readonly everyMs?: number
  readonly by: readonly string[]
  /** A snapshot of what a window holds, whose rows say what enters it and what leaves it: those that have not left. */
  readonly content?: true
  /** Most rows held, past which the job fails. */
  readonly maxRows?: number
}

/** @throws EventfluxError `OPTION_INVALID`, `PLAN_INVALID`. */
export function outputNode(given: { readonly [K in Exclude<keyof OutputNode, 'op'>]?: unknown }): OutputNode {
  const { which, rows, everyMs, by = [], content = false, maxRows } = given
  if (!KINDS.includes(which))
    throw optionInvalid(`output takes 'all', 'first', 'last' or 'snapshot', not ${show(which)}`, {
      value: which,
      at: 'output',
    })
  if ((rows === undefined) === (everyMs === undefined))
    throw optionInvalid('output goes by rows or by the clock: say everyRows or every', { at: 'output' })
  if (which === 'snapshot' && rows !== undefined)
    throw optionInvalid("output('snapshot') goes by the clock: say every", { at: 'everyRows' })
  if (!Array.isArray(by) || by.some(name => typeof name !== 'string'))
    throw planInvalid(`by is a list of columns, not ${show(by)}`, { value: by, at: 'by' })
  if (which === 'all' && by.length > 0)
    throw planInvalid("output('all') puts every row out, whatever its group: leave by out", { value: by, at: 'by' })
  if (typeof content !== 'boolean' || (content && (which !== 'snapshot' || by.length > 0)))
    throw planInvalid('content says that a snapshot is of what a window holds, whatever the groups', {
      value: content,
      at: 'output',
    })
  if (maxRows !== undefined && (which === 'all' ? rows !== undefined : !content))
    throw optionInvalid("maxRows bounds output('all') by the clock, and the snapshot of what a window holds", {
      value: maxRows,
      at: 'maxRows',
    })
  return Object.freeze({
    op: 'output',
    which: which as OutputKind,
    ...(rows !== undefined && { rows: wholeNumber('everyRows', rows) }),
    ...(everyMs !== undefined && { everyMs: wholeNumber('every', everyMs) }),
    by: Object.freeze([...by]),
    ...(content && { content: true as const }),
    ...(maxRows !== undefined && { maxRows: wholeNumber('maxRows', maxRows) }),
  })
}

/** The step in words, as `explain()` shows it. */
export function describeOutput({ which, rows, everyMs, by, content }: OutputNode): string {
  const every = rows === undefined ? formatDuration(everyMs!) : `${rows} rows`
  return `${which}${content ? ' of the window' : ''} every ${every}${by.length === 0 ? '' : ` by ${by.join(', ')}`}`
}

function wholeNumber(at: string, value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number
  throw optionInvalid(`${at} of output is a whole number, at least 1, not ${show(value)}`, { value, at })
}
