import { columnsOf } from '../expression/columns.ts'
import type { Expression } from '../expression/expression.ts'
import { namedResults, said } from '../plan/expression-arguments.ts'
import type { WindowAggregateNode } from '../plan/logical-node.ts'
import { windowAggregateNode } from '../plan/make-node.ts'
import { groupSchema } from '../plan/plan-scope.ts'
import type { Schema } from '../schema/schema.ts'
import type { WindowSpec } from '../time/windows.ts'

/** The step that aggregates rows of a schema by window and key. */
export function groupStep(
  schema: Schema,
  keys: readonly string[],
  spec: WindowSpec,
  results: (e: never) => Readonly<Record<string, Expression>>,
): WindowAggregateNode {
  return windowAggregateNode(
    keys,
    spec,
    namedResults('aggregate', said('aggregate', results, columnsOf(groupSchema(schema, spec)) as never)),
  )
}
