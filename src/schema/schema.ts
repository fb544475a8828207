import { schemaInvalid, show } from '../errors.ts'
import { BYTE_WIDTH, type DataType, type StoredTypeName, storedName, type TypeName, typeOf } from './data-type.ts'
import { hasHalfPair } from './half-pair.ts'

/** The types of the columns, by name: what `schema()` takes. */
export type SchemaFields = Readonly<Record<string, DataType>>

/** One column of a schema. */
export interface Field {
  readonly name: string
  readonly type: DataType
  /** Position in the schema, from 0. */
  readonly index: number
}

/** Most columns a schema may have. */
export const MAX_FIELDS = 1024
/** Longest name of a column, in UTF-16 code units. */
const MAX_NAME_LENGTH = 255

/** Names that would reach into an object's prototype when rows are objects. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * The shape of records: named, typed columns in a fixed order. Frozen; made by `schema()`.
 *
 * `F` exists for the type checker only: it carries the types that rows are inferred from.
 *
 * @example
 * ```ts
 * const trades = schema({ time: timestamp(), price: f64() })
 * trades.length // 2
 * trades.indexOf('price') // 1
 * trades.field('price')?.type.name // 'f64'
 * ```
 */
export class Schema<F extends SchemaFields = SchemaFields> {
  /** The columns, in order. */
  readonly fields: readonly Field[]
  /** The types by name, an object without prototype. */
  readonly types: F
  readonly #indexByName: ReadonlyMap<string, number>

  /** @internal Use `schema()` or `schemaFrom()`. */
  constructor(fields: readonly Field[]) {
    const types: Record<string, DataType> = Object.create(null)
    for (const field of fields) types[field.name] = field.type
    this.fields = Object.freeze(fields.slice())
    this.types = Object.freeze(types) as F
    this.#indexByName = new Map(fields.map(field => [field.name, field.index]))
    Object.freeze(this)
  }

  /** Position of the column `name`, or -1. O(1). */
  indexOf(name: string): number {
    return this.#indexByName.get(name) ?? -1
  }

  /** The column `name`, or `undefined`. O(1); never finds anything inherited. */
  field(name: string): Field | undefined {
    const index = this.#indexByName.get(name)
    return index === undefined ? undefined : this.fields[index]
  }

  /** How many columns there are. */
  get length(): number {
    return this.fields.length
  }
}

/**
 * Declares the columns of a stream. Their order is that of the object's own enumerable keys.
 *
 * @throws EventfluxError `SCHEMA_INVALID`: no column or more than 1,024, an unknown type, an empty name, one longer than
 * 255, or one of `__proto__`, `constructor`, `prototype`.
 *
 * @example
 * ```ts
 * const trades = schema({ time: timestamp(), symbol: utf8(), price: f64(), note: utf8().nullable() })
 * ```
 */
export function schema<const F extends SchemaFields>(fields: F): Schema<F> {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields))
    throw schemaInvalid(`A schema is an object of names and types, not ${show(fields)}`, { value: fields })
  const names = Object.keys(fields)
  checkFieldCount(names.length)
  const made = schemaFrom(names.map(name => [name, fields[name]!])) as Schema<F>
  checkStored(made)
  return made
}

/** @throws EventfluxError `SCHEMA_INVALID` for what is no schema, such as its columns by themselves. */
export function checkSchema(owner: string, given: unknown): void {
  if (given instanceof Schema) return
  throw schemaInvalid(`${owner} takes a schema, made by schema({ … }), not ${show(given)}`, { value: given })
}

/**
 * Checks that values can be put into every column.
 *
 * @throws EventfluxError `SCHEMA_INVALID` for a column of objects, which only aggregates make.
 */
export function checkStored({ fields }: Schema): void {
  for (const { type } of fields) storedName(type)
}

/**
 * A schema from names and types in order, as plans rebuild it.
 *
 * @throws EventfluxError `SCHEMA_INVALID` as `schema()` does, and for a name that occurs twice.
 */
export function schemaFrom(entries: readonly (readonly [name: string, type: DataType])[]): Schema {
  checkFieldCount(entries.length)
  const seen = new Set<string>()
  const fields = entries.map(([name, type], index) => {
    checkFieldName(name)
    if (seen.has(name)) throw schemaInvalid(`The column ${show(name)} occurs twice`, { value: name, at: name })
    seen.add(name)
    return Object.freeze({ name, type: checkedType(name, type), index })
  })
  return new Schema(fields)
}

/**
 * Checks the name of a column.
 *
 * @throws EventfluxError `SCHEMA_INVALID`.
 */
export function checkFieldName(name: unknown): asserts name is string {
  if (typeof name !== 'string') throw schemaInvalid(`A column name is a string, not ${show(name)}`, { value: name })
  if (name === '') throw schemaInvalid('A column name may not be empty', { value: name })
  if (name.length > MAX_NAME_LENGTH)
    throw schemaInvalid(`The column name ${show(name)} is longer than ${MAX_NAME_LENGTH} characters`, { value: name })
  if (hasHalfPair(name))
    throw schemaInvalid(`A column name is text that has bytes, and ${show(name)} has half of a surrogate pair`, {
      value: name,
    })
  if (FORBIDDEN_NAMES.has(name))
    throw schemaInvalid(`No column may be called ${show(name)}: on a row object it isn't an ordinary property`, {
      value: name,
      at: name,
    })
}

/** Whether `name` is a type a source's columns and literals may have. */
export const isTypeName = (name: unknown): name is StoredTypeName => isAnyTypeName(name) && name !== 'object'

const isAnyTypeName = (name: unknown): name is TypeName => typeof name === 'string' && Object.hasOwn(BYTE_WIDTH, name)

function checkFieldCount(count: number): void {
  if (count === 0) throw schemaInvalid('A schema needs at least one column')
  if (count > MAX_FIELDS)
    throw schemaInvalid(`A schema has at most ${MAX_FIELDS} columns, not ${count}`, { value: count })
}

/** Takes over name and nullability only, so that a foreign object can't change under the schema. */
function checkedType(name: string, given: unknown): DataType {
  const type = given as Partial<DataType> | null | undefined
  if (typeof type !== 'object' || type === null || !isAnyTypeName(type.name) || typeof type.isNullable !== 'boolean')
    throw schemaInvalid(
      `The column ${show(name)} needs a type such as f64() or utf8().nullable(), not ${show(given)}`,
      { value: given, at: name },
    )
  return typeOf(type.name, type.isNullable)
}
