import { expressionInvalid, show } from '../errors.ts'
import { type DataType, type TypeName, typeOf } from '../schema/data-type.ts'

/**
 * An aggregate of your own, for `aggregateOf`. `A` is what it keeps for each group, `V` the values it is given of each
 * row, `R` what comes out. A row in which one of the values is null is passed over.
 *
 * Its functions run in JavaScript, once a row. One that throws ends the job with `STAGE_FAILED`.
 */
export interface AggregateDefinition<A, V extends readonly unknown[], R> {
  /** Names it in `explain()` and errors; by default 'aggregate'. */
  readonly name?: string
  /** What a group starts from: a new one for each. */
  create(): A
  /** Takes in the values of a row, in order of arrival. Returns what to keep: `accumulator`, changed, or another. */
  add(accumulator: A, ...values: V): A
  /**
   * What `accumulator` and `other` come to together, in any order. Windows that overlap or merge need it. `other` is used
   * again: it is neither changed nor kept, and a job fails whose `merge` returns it, where it is an object.
   */
  merge?(accumulator: A, other: A): A
  /** The opposite of `add`, for windows that rows leave one by one. Without it they compute anew. */
  remove?(accumulator: A, ...values: V): A
  /** The result for a group. Called again when a late row makes the window fire again. */
  result(accumulator: A): R
}

/** A definition whose results are a column of a type, to compute and filter with. */
export interface TypedAggregateDefinition<A, V extends readonly unknown[], D extends DataType<ReturnTypeName>>
  extends AggregateDefinition<A, V, unknown> {
  /** The type of the results: `f64()`, `bool().nullable()`, …. Text and other values do without. */
  readonly returns: D
}

/** The types an aggregate of one's own can say it returns. */
export type ReturnTypeName = Exclude<TypeName, 'utf8' | 'object'>

/** A definition as operators call it: every function there, or undefined. */
export type CheckedDefinition = AggregateDefinition<unknown, readonly unknown[], unknown> & {
  readonly name: string
  readonly returns?: DataType
}

const RETURNS: ReadonlySet<unknown> = new Set(['f64', 'f32', 'i32', 'u32', 'i64', 'bool', 'timestamp'])

/**
 * Takes over what a definition consists of, so that the given object can't change under the plan.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` for what is none.
 */
export function checkDefinition(given: unknown): CheckedDefinition {
  if (typeof given !== 'object' || given === null)
    throw expressionInvalid(`aggregateOf takes { create, add, result, … }, not ${show(given)}`, { value: given })
  const { name = 'aggregate', returns, ...functions } = given as Record<string, unknown>
  for (const key of ['create', 'add', 'merge', 'remove', 'result']) {
    const isOptional = key === 'merge' || key === 'remove'
    const fn = functions[key]
    if (typeof fn !== 'function' && !(isOptional && fn === undefined))
      throw expressionInvalid(`${key} of an aggregate is a function, not ${show(fn)}`, { value: fn, at: key })
  }
  if (typeof name !== 'string')
    throw expressionInvalid(`The name of an aggregate is a string, not ${show(name)}`, { value: name })
  const type = returns as Partial<DataType> | undefined
  if (type !== undefined && (!RETURNS.has(type?.name) || typeof type.isNullable !== 'boolean'))
    throw expressionInvalid(
      'returns is the type of a number, bool or timestamp; results of other kinds are handed on without it',
      { value: returns },
    )
  const { create, add, merge, remove, result } = given as CheckedDefinition
  return Object.freeze({
    name: name.slice(0, 255),
    create: () => create.call(given),
    add: (accumulator: unknown, ...values: unknown[]) => add.call(given, accumulator, ...values),
    ...(merge && { merge: (accumulator: unknown, other: unknown) => merge.call(given, accumulator, other) }),
    ...(remove && {
      remove: (accumulator: unknown, ...values: unknown[]) => remove.call(given, accumulator, ...values),
    }),
    result: (accumulator: unknown) => result.call(given, accumulator),
    ...(type !== undefined && { returns: typeOf(type.name!, type.isNullable!) }),
  })
}

/** The type of what a definition returns. */
export function returnType(definition: unknown): DataType {
  return (definition as CheckedDefinition).returns ?? typeOf('object', false)
}

/** What a definition is called. */
export const definitionName = (definition: unknown): string => (definition as CheckedDefinition).name
