import { planInvalid, show } from '../errors.ts'
import type { FieldSpec, LogicalNode } from './logical-node.ts'

/** A column of the source whose times may be so far ahead of the clock. */
export interface FutureLimit {
  readonly column: string
  readonly maxFutureSkewMs: number
}

/**
 * How far ahead of the clock times may be, by column of the source: rows are refused at the door, before they are anything.
 *
 * @throws EventfluxError `PLAN_INVALID` where an event time with a limit isn't a column of the source as it came.
 */
export function futureLimits(source: readonly FieldSpec[], nodes: readonly LogicalNode[]): readonly FutureLimit[] {
  const limits: FutureLimit[] = []
  collect(nodes, new Map(source.map(({ name }) => [name, name])), limits)
  return limits
}

/** @param origins The columns that are still as they came, and their names in the source. */
function collect(nodes: readonly LogicalNode[], from: ReadonlyMap<string, string>, into: FutureLimit[]): void {
  let origins = from
  for (const node of nodes) {
    switch (node.op) {
      case 'eventTime': {
        const { maxFutureSkewMs } = node
        if (maxFutureSkewMs === undefined) break
        const column = origins.get(node.column)
        if (column === undefined)
          throw planInvalid(
            `maxFutureSkew refuses events as they come: the event time ${show(node.column)} is made on the way, so set the event time before that, or leave it out`,
            { at: node.column },
          )
        into.push({ column, maxFutureSkewMs })
        break
      }
      case 'project':
        origins = new Map(
          node.columns.flatMap(({ name, expression }) => {
            const origin = expression.kind === 'column' ? origins.get(expression.name) : undefined
            return origin === undefined ? [] : [[name, origin] as const]
          }),
        )
        break
      case 'tee':
        collect(node.plan, origins, into)
        break
      case 'processingTime':
      case 'filter':
      case 'filterRows':
        break
      default:
        origins = new Map()
    }
  }
}
