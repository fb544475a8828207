import { expressionInvalid, show } from '../errors.ts'
import { type DataType, type StoredTypeName, typeOf } from '../schema/data-type.ts'
import { isTypeName } from '../schema/schema.ts'
import { isModuleExport, type ModuleExport } from './module-export.ts'

/** A scalar function of the user's own, as the calls of it hold it. It is data where `call` names a module's export. */
export interface FunctionDefinition {
  readonly name: string
  readonly returns: { readonly type: StoredTypeName; readonly nullable: boolean }
  readonly call: ((...values: readonly unknown[]) => unknown) | ModuleExport
}

/** Most values a function of one's own may take. */
export const MAX_FUNCTION_VALUES = 16
const MAX_NAME_LENGTH = 255

/**
 * Takes over what a function of the user's own consists of, from a program or from data.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` for what is none.
 */
export function checkFunction(given: unknown): FunctionDefinition {
  if (typeof given !== 'object' || given === null)
    throw expressionInvalid(`A call of a function of your own says what it calls, not ${show(given)}`, { value: given })
  const { name, returns, call } = given as Record<keyof FunctionDefinition, unknown>
  if (typeof name !== 'string' || name === '')
    throw expressionInvalid(`The name of a function is a string that is not empty, not ${show(name)}`, { value: name })
  const { type, nullable } = (returns ?? {}) as Partial<Record<keyof FunctionDefinition['returns'], unknown>>
  if (!isTypeName(type) || typeof nullable !== 'boolean')
    throw expressionInvalid(`A function returns f64(), utf8().nullable() or another type of columns`, {
      value: returns,
      at: name,
    })
  if (typeof call !== 'function' && !isModuleExport(call))
    throw expressionInvalid(`A function of your own is a function or { module, export }, not ${show(call)}`, {
      value: call,
      at: name,
    })
  return Object.freeze({
    name: name.slice(0, MAX_NAME_LENGTH),
    returns: Object.freeze({ type, nullable }),
    call:
      typeof call === 'function'
        ? (call as (...values: readonly unknown[]) => unknown)
        : Object.freeze({ module: call.module, export: call.export }),
  })
}

/** Whether two definitions compute the same. */
export function isSameFunction(a: FunctionDefinition | undefined, b: FunctionDefinition | undefined): boolean {
  if (a === b || a === undefined || b === undefined) return a === b
  return a.call === b.call && a.returns.type === b.returns.type && a.returns.nullable === b.returns.nullable
}

/** The type of a call: null as soon as one of the values is. */
export function functionType({ returns }: FunctionDefinition, values: readonly DataType[]): DataType {
  return typeOf(returns.type, returns.nullable || values.some(({ isNullable }) => isNullable))
}
