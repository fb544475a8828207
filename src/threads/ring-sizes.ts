import type { ResolvedConfig } from '../plan/config.ts'
import type { LogicalNode, WindowAggregateNode } from '../plan/logical-node.ts'
import { lowerWindow } from '../plan/lower-window.ts'
import { fieldSpecs, type PlanScope, scopesOf } from '../plan/plan-scope.ts'
import { BYTE_WIDTH, type TypeName } from '../schema/data-type.ts'
import { RUN_BYTES } from './frames.ts'

const LEAST_RING_BYTES = 2 ** 16
const MOST_RING_BYTES = 2 ** 23

/** What goes into one frame for each of its rows. */
type FrameColumns = readonly { readonly type: TypeName }[]

/**
 * Room for eight of the longest batches, within bounds. Whatever the bounds, half of it is more than the widest eight rows take,
 * and where the watermarks of all inputs stand: no frame is larger.
 *
 * @param inputs Inputs the rows come in by, where that is told of each.
 */
export function ringBytes(
  { maxBatch, bufferSize }: Pick<ResolvedConfig, 'maxBatch' | 'bufferSize'>,
  columns: FrameColumns,
  inputs = 0,
): number {
  const rowBytes = rowBytesOf(columns) + (inputs === 0 ? 0 : RUN_BYTES)
  const wanted = Math.min(8 * Math.min(maxBatch, bufferSize) * rowBytes, MOST_RING_BYTES)
  return 2 ** Math.ceil(Math.log2(Math.max(wanted, LEAST_RING_BYTES, rowBytes * 256, inputs * 128)))
}

/** The widest rows that come back to the thread that runs the job from steps that begin at `from`: results, of branches too. */
export function widestResult(nodes: readonly LogicalNode[], from: PlanScope): FrameColumns {
  const scopes = scopesOf(nodes, from)
  const ends = nodes.flatMap((node, i): readonly FrameColumns[] => {
    if (node.op === 'tee') return [widestResult(node.plan, scopes[i]!)]
    const isLateOut = (node.op === 'windowAggregate' || node.op === 'topRows') && 'lateTo' in node.window
    return isLateOut ? [fieldSpecs(scopes[i]!.schema)] : []
  })
  return ends.reduce(wider, fieldSpecs(scopes.at(-1)!.schema))
}

const WORD = { type: 'f64' } as const
/** A sum with what rounding took of it, and a count of its values: no aggregate that is put together out of parts has more. */
const WORDS_OF_AGGREGATE = 3

/** What goes over for each record of a window's first half: the slice it is of, its keys, how many rows it has, and its aggregates. */
export function recordColumns(window: WindowAggregateNode, { schema, eventTime }: PlanScope): FrameColumns {
  const { aggregates } = lowerWindow(window, schema, { kind: 'column', name: eventTime! })
  const keys = window.keys.map(name => ({ type: schema.field(name)!.type.name }))
  return [WORD, ...keys, WORD, ...Array<typeof WORD>(aggregates.length * WORDS_OF_AGGREGATE).fill(WORD)]
}

/** A bit of validity goes along with each value, rounded up to a byte. */
const rowBytesOf = (columns: FrameColumns): number =>
  columns.reduce((bytes, { type }) => bytes + BYTE_WIDTH[type] + 1, 0)

const wider = (one: FrameColumns, other: FrameColumns): FrameColumns =>
  rowBytesOf(other) > rowBytesOf(one) ? other : one
