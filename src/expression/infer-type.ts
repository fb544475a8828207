import { type DataType, typeOf } from '../schema/data-type.ts'
import type { Schema } from '../schema/schema.ts'
import { inferAggregate } from './aggregate-rules.ts'
import { inferCall } from './function-rules.ts'
import { noColumn } from './no-column.ts'
import type { AggregateNode, ExpressionNode, ResultNode } from './node.ts'

/**
 * The type of an expression over rows of `schema`.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` for a column the schema doesn't have, or operands that don't fit.
 */
export function inferType(node: ExpressionNode, schema: Schema): DataType {
  switch (node.kind) {
    case 'column': {
      const field = schema.field(node.name)
      if (field !== undefined) return field.type
      throw noColumn(node.name, schema)
    }
    case 'literal':
      return typeOf(node.type, node.value === null)
    case 'call':
      return inferCall(
        node,
        node.args.map(arg => inferType(arg, schema)),
      )
  }
}

/**
 * The type of a window's result over rows of `schema`.
 *
 * @param mayBeEmpty Whether a result may be asked for when no row is left.
 * @throws EventfluxError `EXPRESSION_INVALID` as `inferType` does.
 */
export function inferResultType(node: ResultNode, schema: Schema, mayBeEmpty = false): DataType {
  switch (node.kind) {
    case 'aggregate':
      return inferAggregateType(node, schema, mayBeEmpty)
    case 'literal':
      return typeOf(node.type, node.value === null)
    case 'call':
      return inferCall(
        node,
        node.args.map(arg => inferResultType(arg, schema, mayBeEmpty)),
      )
  }
}

/** The type of an aggregate: where there may be no rows it is as null as if its values were. */
export function inferAggregateType(node: AggregateNode, schema: Schema, mayBeEmpty: boolean): DataType {
  const types = node.args.map(arg => inferType(arg, schema))
  return inferAggregate(node, mayBeEmpty ? types.map(({ name }) => typeOf(name, true)) : types)
}
