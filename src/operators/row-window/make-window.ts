import { clockColumnsOf, type RowWindowSpec } from '../../time/row-windows.ts'
import { DelayWindow } from './delay-window.ts'
import { ExternalTimeBatchWindow } from './external-time-batch-window.ts'
import { ExternalTimeWindow } from './external-time-window.ts'
import { HoppingCountWindow } from './hopping-count-window.ts'
import { LengthBatchWindow } from './length-batch-window.ts'
import { LengthWindow } from './length-window.ts'
import type { Removal, RowWindow } from './row-window.ts'
import { rowOrder, SortWindow } from './sort-window.ts'
import { StreamedLengthBatchWindow } from './streamed-length-batch-window.ts'
import { StreamedTimeBatchWindow } from './streamed-time-batch-window.ts'
import { TimeBatchWindow } from './time-batch-window.ts'
import { TimeWindow } from './time-window.ts'
import { UniqueWindow } from './unique-window.ts'
import { valueKey } from './value-key.ts'

/** How the windows of a kind are made and what they hold. */
export interface WindowKind {
  /** A window for one key. */
  readonly make: () => RowWindow
  readonly removal: Removal
  /** What bounds the rows it holds, in words. */
  readonly bound: string
}

/**
 * What a window's data stands for.
 *
 * @param looked Where the columns the window looks at stand in a row's values, in the order of `columnsOfWindow`.
 */
export function windowKind(spec: RowWindowSpec, looked: readonly number[]): WindowKind {
  const keepsExpired = spec.output !== 'current'
  const batches: Removal = keepsExpired ? 'fifo' : 'none'
  switch (spec.kind) {
    case 'length':
      return { make: () => new LengthWindow(spec.n), removal: 'fifo', bound: `${spec.n} rows` }
    case 'lengthBatch': {
      const { n, streamCurrent, emitIncomplete } = spec
      if (streamCurrent)
        return {
          make: () => new StreamedLengthBatchWindow(n, { keepsExpired }),
          removal: batches,
          bound: keepsExpired ? `${n} rows` : 'no rows',
        }
      return {
        make: () => new LengthBatchWindow(n, { emitIncomplete, keepsExpired }),
        removal: batches,
        bound: `${keepsExpired ? 2 * n : n} rows`,
      }
    }
    case 'hoppingCount':
      return {
        make: () => new HoppingCountWindow(spec.n, spec.every, { ...spec, keepsExpired }),
        removal: batches,
        bound: `${keepsExpired ? 2 * spec.n : spec.n} rows`,
      }
    case 'time':
      return { make: () => new TimeWindow(spec.lengthMs), removal: 'fifo', bound: ofTime(spec.lengthMs, spec) }
    case 'timeLength':
      return { make: () => new TimeWindow(spec.lengthMs, spec.n), removal: 'fifo', bound: `${spec.n} rows` }
    case 'delay':
      return { make: () => new DelayWindow(spec.lengthMs), removal: 'none', bound: ofTime(spec.lengthMs, spec) }
    case 'timeBatch': {
      const { lengthMs, startMs, emitIncomplete } = spec
      return {
        make: spec.streamCurrent
          ? () => new StreamedTimeBatchWindow(lengthMs, startMs, { keepsExpired })
          : () => new TimeBatchWindow(lengthMs, startMs, { emitIncomplete, keepsExpired }),
        removal: batches,
        bound: spec.streamCurrent && !keepsExpired ? 'no rows' : ofTime(keepsExpired ? 2 * lengthMs : lengthMs, spec),
      }
    }
    case 'externalTime':
      return {
        make: () => new ExternalTimeWindow(looked[0]!, spec.lengthMs),
        removal: 'fifo',
        bound: ofTime(spec.lengthMs, spec),
      }
    case 'externalTimeBatch': {
      const { lengthMs, startMs, timeoutMs, stampWithEnd, emitIncomplete } = spec
      const options = { startMs, timeoutMs, stampWithEnd, emitIncomplete, keepsExpired }
      return {
        make: () => new ExternalTimeBatchWindow(looked[0]!, lengthMs, options),
        removal: batches,
        bound: ofTime(keepsExpired ? 2 * lengthMs : lengthMs, spec),
      }
    }
    case 'sort': {
      const order = rowOrder(
        spec.by.map(({ direction }, i) => ({ column: looked[i]!, isDescending: direction === 'desc' })),
      )
      return { make: () => new SortWindow(spec.n, order), removal: 'any', bound: `${spec.n} rows` }
    }
    case 'unique': {
      const key = valueKey(looked)
      const bound = spec.maxRows === undefined ? 'maxKeys of the job' : `${spec.maxRows}, then the job fails`
      return {
        make: () => new UniqueWindow(key, spec.ttlMs),
        removal: 'any',
        bound: `a row for each ${spec.columns.join(', ')}${spec.ttlMs === undefined ? '' : ` of the last ${spec.ttlMs} ms`}, at most ${bound}`,
      }
    }
  }
}

function ofTime(lengthMs: number, spec: { readonly maxRows?: number } & RowWindowSpec): string {
  const clock = clockColumnsOf(spec)[0] ?? 'the clock'
  const most =
    spec.maxRows === undefined ? 'as many as come (no maxRows)' : `at most ${spec.maxRows}, then the job fails`
  return `the rows of ${lengthMs} ms of ${clock}, ${most}`
}
