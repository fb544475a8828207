import { optionInvalid, show } from '../errors.ts'
import { formatDuration } from './duration.ts'
import { checkDelay, type DelaySpec } from './window-kinds/delay.ts'
import { checkExternalTime, type ExternalTimeSpec } from './window-kinds/external-time.ts'
import { checkExternalTimeBatch, type ExternalTimeBatchSpec } from './window-kinds/external-time-batch.ts'
import { checkHoppingCount, type HoppingCountSpec } from './window-kinds/hopping-count.ts'
import { checkLength, type LengthSpec } from './window-kinds/length.ts'
import { checkLengthBatch, type LengthBatchSpec } from './window-kinds/length-batch.ts'
import type { BatchSpec, Given, WindowOutput } from './window-kinds/parameters.ts'
import { checkSort, type SortSpec } from './window-kinds/sort.ts'
import { checkTime, type TimeSpec } from './window-kinds/time.ts'
import { checkTimeBatch, type TimeBatchSpec } from './window-kinds/time-batch.ts'
import { checkTimeLength, type TimeLengthSpec } from './window-kinds/time-length.ts'
import { checkUnique, type UniqueSpec } from './window-kinds/unique.ts'

/**
 * A window over rows in the order they arrive, moved by their count or by a clock: its rows come out one by one, as they
 * enter it and as they leave it. `O` says which of the two.
 */
export type RowWindowSpec<O extends WindowOutput = WindowOutput> =
  | LengthSpec<O>
  | LengthBatchSpec<O>
  | HoppingCountSpec<O>
  | TimeSpec<O>
  | TimeBatchSpec<O>
  | TimeLengthSpec<O>
  | DelaySpec<O>
  | ExternalTimeSpec<O>
  | ExternalTimeBatchSpec<O>
  | SortSpec<O>
  | UniqueSpec<O>

export type RowWindowKind = RowWindowSpec['kind']

const CHECKS: { readonly [K in RowWindowKind]: (given: Given) => Extract<RowWindowSpec, { kind: K }> } = {
  length: checkLength,
  lengthBatch: checkLengthBatch,
  hoppingCount: checkHoppingCount,
  time: checkTime,
  timeBatch: checkTimeBatch,
  timeLength: checkTimeLength,
  delay: checkDelay,
  externalTime: checkExternalTime,
  externalTimeBatch: checkExternalTimeBatch,
  sort: checkSort,
  unique: checkUnique,
}

/** Whether the window is one over rows, by its kind. */
export function isRowWindow(given: unknown): given is RowWindowSpec {
  const kind = (given as { readonly kind?: unknown } | null | undefined)?.kind
  return typeof kind === 'string' && Object.hasOwn(CHECKS, kind)
}

/**
 * Checks a window over rows given as data and freezes a copy.
 *
 * @throws EventfluxError `OPTION_INVALID`.
 */
export function checkRowWindow(given: unknown): RowWindowSpec {
  if (!isRowWindow(given))
    throw optionInvalid(`There is no window over rows like ${show(given)}`, { value: given, at: 'window' })
  return CHECKS[given.kind](given as unknown as Given)
}

/** Whether it puts out its rows in batches. */
export const isBatchWindow = (spec: RowWindowSpec): spec is Extract<RowWindowSpec, BatchSpec<WindowOutput>> =>
  'rows' in spec

/** The columns whose values are a clock: timestamps that are never null. */
export function clockColumnsOf(spec: RowWindowSpec): readonly string[] {
  if (spec.kind === 'externalTime' || spec.kind === 'externalTimeBatch') return [spec.column]
  return 'by' in spec && typeof spec.by === 'string' ? [spec.by] : []
}

/** Every column the window itself looks at. */
export function columnsOfWindow(spec: RowWindowSpec): readonly string[] {
  if (spec.kind === 'sort') return spec.by.map(({ column }) => column)
  return spec.kind === 'unique' ? spec.columns : clockColumnsOf(spec)
}

/** The window in words, as `explain()` shows it. */
export function describeRowWindow(spec: RowWindowSpec): string {
  const output = spec.output === 'current' ? '' : `, ${spec.output} rows`
  return `${spec.kind}(${parametersOf(spec).join(', ')})${output}`
}

function parametersOf(spec: RowWindowSpec): string[] {
  switch (spec.kind) {
    case 'length':
      return [String(spec.n)]
    case 'lengthBatch':
      return [String(spec.n), ...(spec.streamCurrent ? ['streamCurrent'] : [])]
    case 'hoppingCount':
      return [String(spec.n), String(spec.every), ...(spec.waitForFull ? [] : ['from the first row on'])]
    case 'time':
    case 'delay':
      return [formatDuration(spec.lengthMs), ...by(spec.by)]
    case 'timeBatch':
      return [
        formatDuration(spec.lengthMs),
        ...(spec.startMs === undefined ? [] : [`start ${spec.startMs}`]),
        ...(spec.streamCurrent ? ['streamCurrent'] : []),
        ...by(spec.by),
      ]
    case 'timeLength':
      return [formatDuration(spec.lengthMs), String(spec.n), ...by(spec.by)]
    case 'externalTime':
      return [spec.column, formatDuration(spec.lengthMs)]
    case 'externalTimeBatch':
      return [
        spec.column,
        formatDuration(spec.lengthMs),
        ...(spec.startMs === undefined ? [] : [`start ${spec.startMs}`]),
        ...(spec.timeoutMs === undefined ? [] : [`timeout ${formatDuration(spec.timeoutMs)}`]),
      ]
    case 'sort':
      return [String(spec.n), ...spec.by.map(({ column, direction }) => `${column} ${direction}`)]
    case 'unique':
      return [
        ...spec.columns,
        ...(spec.ttlMs === undefined ? [] : [`ttl ${formatDuration(spec.ttlMs)}`]),
        ...(spec.unbounded ? ['unbounded'] : []),
      ]
  }
}

const by = (column: string | undefined): string[] => (column === undefined ? [] : [`by ${column}`])
