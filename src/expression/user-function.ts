import { expressionInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import type { DataType, StoredTypeName } from '../schema/data-type.ts'
import type { ResultValue } from '../schema/row-types.ts'
import type {
  BigIntOperand,
  BooleanOperand,
  Expression,
  ExpressionOf,
  NullOf,
  NumberOperand,
  ScopeOf,
  StringOperand,
  TimestampOperand,
} from './expression.ts'
import { checkFunction } from './function-definition.ts'
import { typeOfValue } from './literal.ts'
import type { ModuleExport } from './module-export.ts'
import { callOf, literal, TypedExpression } from './typed-expression.ts'

/** What a function of one's own can be given. */
type FunctionValue = number | bigint | boolean | string

type OperandFor<V> = [V] extends [boolean]
  ? BooleanOperand
  : [V] extends [number]
    ? NumberOperand | TimestampOperand
    : [V] extends [bigint]
      ? BigIntOperand
      : [V] extends [string]
        ? StringOperand
        : Expression | FunctionValue
type OperandsFor<V extends readonly unknown[]> = { [I in keyof V]: OperandFor<V[I]> }

/** Names a function of one's own in errors and `explain()`: by default as JavaScript calls it. */
export interface FunctionOptions {
  readonly name?: string
}

/**
 * Makes a scalar function of expressions out of a function of your own (Flink's `ScalarFunction`): columns and values in,
 * one value out, no object for the row.
 *
 * Where a value is null it is not called, and the result is null. It goes by its values alone, since it is called once
 * where the same call stands several times, and once for a text that comes again, as far as texts are told apart by their
 * codes. It is called only for rows that are still there: not for those a filter before has dropped, nor where `ifElse`,
 * `when`, `and`, `or` and `coalesce` don't ask for it. One that throws, or gives what `returns` can't hold, ends the job
 * with `STAGE_FAILED`.
 *
 * @param returns The type of its results: `i32()`, `utf8().nullable()`, ….
 * @param fn The function, or `{ module, export }` of one that other threads, and plans as data, can find.
 * @throws EventfluxError `EXPRESSION_INVALID`, `OPTION_INVALID`; when it is called with no value, more than 16, or what is
 *   no expression.
 *
 * @example
 * ```ts
 * const words = functionOf(i32(), (text: string) => text.split(' ').length)
 * stream.filter(e => words(e.note).gt(3))
 * ```
 */
export function functionOf<V extends readonly FunctionValue[], const D extends DataType<StoredTypeName>>(
  returns: D,
  fn: ((...values: V) => ResultValue<D>) | ModuleExport,
  options: FunctionOptions = {},
): <O extends OperandsFor<V>>(
  ...values: O
) => ExpressionOf<
  DataType<D['name'], true extends D['isNullable'] | NullOf<O[number]> ? true : false>,
  ScopeOf<O[number]>
> {
  checkOptions<FunctionOptions>('functionOf', options, { name: true })
  const definition = checkFunction({
    name: options.name ?? nameOf(fn),
    returns: { type: returns?.name, nullable: returns?.isNullable },
    call: fn,
  })
  return ((...values: unknown[]) => callOf('user', values.map(operandOf), definition)) as never
}

function nameOf(fn: unknown): unknown {
  const name = typeof fn === 'function' ? fn.name : (fn as Partial<ModuleExport> | null)?.export
  return name === '' ? 'function' : (name ?? 'function')
}

function operandOf(given: unknown): TypedExpression {
  if (given instanceof TypedExpression) return given
  if (['number', 'bigint', 'boolean', 'string'].includes(typeof given))
    return literal(given as FunctionValue, typeOfValue(given as FunctionValue))
  throw expressionInvalid(`A function takes expressions such as e.price, and values, not ${show(given)}`, {
    value: given,
  })
}
