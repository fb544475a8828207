import { Dictionary } from '../../memory/dictionary.ts'
import type { RowWindowNode } from '../../plan/logical-node.ts'
import type { LoweredAggregate } from '../../plan/lower-aggregate.ts'
import { type LoweredRowWindow, passedName, stampNames } from '../../plan/lower-row-window.ts'
import { aggregateName } from '../../plan/lower-window.ts'
import { KIND } from '../../plan/row-window-schema.ts'
import { type DataType, type TypeName, timestamp, utf8 } from '../../schema/data-type.ts'
import { clockColumnsOf } from '../../time/row-windows.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import type { Operator } from '../operator.ts'
import { OwnKeys, type ShardOfKeys, wordsOfValue } from '../own-keys.ts'
import type { StageTimers } from '../stage-timers.ts'
import { aggregateMaker, isForever } from './aggregates/make-aggregate.ts'
import { ChunkOrder } from './chunk-order.ts'
import { KeptRows } from './kept-rows.ts'
import { windowKind } from './make-window.ts'
import { type OutputColumn, OutputColumns } from './output-columns.ts'
import { RowWindowOperator } from './row-window-operator.ts'
import { argumentCodec } from './value-codec.ts'
import { valueKey, valuesOfKey } from './value-key.ts'

interface RowWindowParts {
  readonly context: EvaluationContext
  readonly maxKeys: number
  readonly timers: StageTimers
  /** Which keys are its own, where it is one of several replicas. */
  readonly shard?: ShardOfKeys | undefined
  /** Makes the operator behind the window, which is told the columns it gets. */
  readonly next: (columns: readonly InputColumn[]) => Operator
}

/** The operator of a window over rows, fed with the columns `lowered.prepare` describes. */
export function buildRowWindow(
  node: RowWindowNode,
  lowered: LoweredRowWindow,
  prepared: readonly InputColumn[],
  { context, maxKeys, timers, next, shard }: RowWindowParts,
): RowWindowOperator {
  const { window } = node
  const columns = outputColumns(node, lowered, prepared)
  const kind = windowKind(window, lowered.looked)
  const usesColumn = 'by' in window && typeof window.by === 'string'
  const isOfKeys = window.kind === 'unique' && window.maxRows === undefined
  const maxRows = 'maxRows' in window && window.maxRows !== undefined ? window.maxRows : Number.POSITIVE_INFINITY
  return new RowWindowOperator({
    name: `${window.kind} window`,
    context,
    columns: prepared,
    kind,
    key: valueKey(lowered.keys),
    isOwn:
      shard &&
      ownKeys(
        shard,
        lowered.keys.map(column => prepared[column]!.type.name),
      ),
    maxKeys,
    maxRows: isOfKeys ? maxKeys : maxRows,
    content: {
      aggregates: lowered.aggregates.map(aggregate => ({
        make: aggregateMaker(aggregate, kind.removal),
        columns: [aggregate.column, ...aggregate.others.map(({ column }) => column)].filter(column => column >= 0),
        codec: argumentCodec(argumentTypes(aggregate)),
        isForever: isForever(aggregate.fn),
      })),
      group: valueKey(lowered.groups),
      maxGroups: maxKeys,
    },
    showsCurrent: window.output !== 'expired',
    showsExpired: window.output !== 'current',
    clockColumn: usesColumn ? lowered.looked[clockColumnsOf(window).indexOf(window.by)] : undefined,
    isLastOnly: lowered.isLastOnly,
    keptRows:
      lowered.isLastOnly || lowered.havingInside !== undefined
        ? new KeptRows(context, columns, lowered.havingInside)
        : undefined,
    chunkOrder: lowered.chunk === undefined ? undefined : new ChunkOrder(context, columns, lowered.chunk),
    output: new OutputColumns(context, columns),
    timers,
    next: next(columns),
    dictionaries: columns.flatMap(({ name, dictionary }) => (name === KIND && dictionary ? [dictionary] : [])),
    shape: shapeOf(node, lowered, prepared),
  })
}

/** Whether the key of a window is a replica's own. */
function ownKeys(shard: ShardOfKeys, types: readonly TypeName[]): (key: unknown) => boolean {
  const own = new OwnKeys(shard)
  return key => {
    const values = valuesOfKey(key, types)
    return own.has(column => wordsOfValue(values[column], types[column]!))
  }
}

/** What the state hangs on, and nothing it doesn't. */
function shapeOf({ window }: RowWindowNode, lowered: LoweredRowWindow, prepared: readonly InputColumn[]): string {
  const types = prepared.map(({ type }) => `${type.name}${type.isNullable ? '?' : ''}`)
  const aggregates = lowered.aggregates.map(({ fn, column, others, parameters, definition }) => {
    const columns = [column, ...others.map(each => each.column)]
    return `${definition?.name ?? fn}(${[...columns, ...parameters].join(', ')})`
  })
  return `1 ${JSON.stringify([window, lowered.keys, lowered.groups])} of ${types.join(', ')}: ${aggregates.join(' ')}`
}

const argumentTypes = ({ column, input, others }: LoweredAggregate): readonly DataType[] => [
  ...(column < 0 ? [] : [input]),
  ...others.map(each => each.input),
]

function outputColumns(
  node: RowWindowNode,
  { passed, aggregates }: LoweredRowWindow,
  prepared: readonly InputColumn[],
): OutputColumn[] {
  const stamps = stampNames(node).map((name): OutputColumn => {
    if (name !== KIND) return { name, type: timestamp(), valueOf: row => row.time }
    const dictionary = new Dictionary({ maxCodes: 2 })
    return { name, type: utf8(), dictionary, valueOf: row => (row.isCurrent ? 'current' : 'expired') }
  })
  return [
    ...stamps,
    ...passed.map((column, i): OutputColumn => {
      const { type, dictionary } = prepared[column]!
      return { name: passedName(i), type, dictionary, valueOf: ({ row }) => row.values[column] }
    }),
    ...aggregates.map(({ column, output }, i): OutputColumn => {
      const dictionary = output.name === 'utf8' ? prepared[column]!.dictionary : undefined
      return { name: aggregateName(i), type: output, dictionary, valueOf: row => row.aggregates[i] }
    }),
  ]
}
