import { eventInvalid, show } from '../errors.ts'
import { type StoredTypeName, storedName } from '../schema/data-type.ts'
import type { ColumnField } from './column-buffers.ts'
import type { CodedStrings, ColumnBlock } from './column-input.ts'

export type TypedArray =
  | Float64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | BigInt64Array
  | BigUint64Array

/** The column of one field as it was given, sorted by how it is read. */
export type ColumnSource =
  | { readonly kind: 'none' }
  | { readonly kind: 'typed'; readonly values: TypedArray; readonly valid: Uint8Array | undefined }
  | { readonly kind: 'plain'; readonly values: readonly unknown[]; readonly valid: Uint8Array | undefined }
  | { readonly kind: 'coded'; readonly values: CodedStrings; readonly valid: Uint8Array | undefined }

/** A block whose shape was checked: what `writeColumns` takes, any number of times. */
export interface PreparedColumns {
  /** The common length. */
  readonly rows: number
  /** By field index. */
  readonly sources: readonly ColumnSource[]
}

const NUMBERS = ['f64', 'f32', 'i32', 'u32', 'timestamp'] as const
/** What typed arrays hold that a type can take. */
const TYPED: Readonly<Record<StoredTypeName, (array: TypedArray) => boolean>> = {
  ...(Object.fromEntries(NUMBERS.map(name => [name, holdsNumbers])) as Record<
    (typeof NUMBERS)[number],
    typeof holdsNumbers
  >),
  i64: array => !holdsNumbers(array),
  bool: array => array instanceof Uint8Array,
  utf8: () => false,
}

/**
 * Checks the shape of a block: which columns there are, of what sort, and that their lengths agree. Values are checked when
 * they are written.
 *
 * @throws EventfluxError `EVENT_INVALID` naming the column.
 */
export function prepareColumns(fields: readonly ColumnField[], block: ColumnBlock): PreparedColumns {
  if (typeof block !== 'object' || block === null) {
    throw eventInvalid(`columns are an object of names and arrays, not ${show(block)}`, { value: block })
  }
  const sources = fields.map(field => sourceOf(field, block))
  let rows = -1
  let first = ''
  for (let i = 0; i < fields.length; i++) {
    const source = sources[i]!
    const { name } = fields[i]!
    if (source.kind === 'none') continue
    const length = source.kind === 'coded' ? source.values.codes.length : source.values.length
    if (rows < 0) {
      rows = length
      first = name
    } else if (length !== rows) {
      throw eventInvalid(
        `column ${show(name)} has ${length} rows and ${show(first)} has ${rows}: all columns of a block are of one length`,
        {
          value: length,
          at: name,
        },
      )
    }
    if (source.valid !== undefined && source.valid.length * 8 < length) {
      throw eventInvalid(`the bitmap of column ${show(name)} has ${source.valid.length * 8} bits for ${length} rows`, {
        value: source.valid.length,
        at: name,
      })
    }
  }
  return { rows: Math.max(0, rows), sources }
}

function sourceOf(field: ColumnField, block: ColumnBlock): ColumnSource {
  const { name, type } = field
  const given = columnOf(block, name)
  if (given === undefined || given === null) {
    if (type.isNullable) return { kind: 'none' }
    throw eventInvalid(`column ${show(name)} is missing`, { value: given, at: name })
  }
  if (!isMasked(given)) return sorted(field, given, undefined)
  if (!type.isNullable) {
    throw eventInvalid(`column ${show(name)} can't be null and takes no bitmap`, { value: given, at: name })
  }
  if (!(given.valid instanceof Uint8Array)) {
    throw eventInvalid(`the bitmap of column ${show(name)} is a Uint8Array, not ${show(given.valid)}`, {
      value: given.valid,
      at: name,
    })
  }
  return sorted(field, given.values, given.valid)
}

function columnOf(block: ColumnBlock, name: string): unknown {
  try {
    return Object.hasOwn(block, name) ? block[name] : undefined
  } catch (error) {
    throw eventInvalid(`reading column ${show(name)} threw ${show(error)}`, { cause: error, at: name })
  }
}

function sorted({ name, type }: ColumnField, values: unknown, valid: Uint8Array | undefined): ColumnSource {
  if (Array.isArray(values)) return { kind: 'plain', values, valid }
  if (isTypedArray(values) && TYPED[storedName(type)](values)) return { kind: 'typed', values, valid }
  if (type.name === 'utf8' && isCoded(values)) return { kind: 'coded', values, valid }
  throw eventInvalid(`column ${show(name)} (${type.name}) takes an array of its values, not ${describe(values)}`, {
    value: values,
    at: name,
  })
}

function isMasked(given: unknown): given is { values: unknown; valid: unknown } {
  return (
    typeof given === 'object' && given !== null && !ArrayBuffer.isView(given) && 'values' in given && 'valid' in given
  )
}

function isCoded(values: unknown): values is CodedStrings {
  if (typeof values !== 'object' || values === null) return false
  const { codes, dictionary } = values as Partial<CodedStrings>
  if (!Array.isArray(dictionary)) return false
  return Array.isArray(codes) || (isTypedArray(codes) && holdsNumbers(codes))
}

function isTypedArray(value: unknown): value is TypedArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView)
}

function holdsNumbers(array: TypedArray): boolean {
  return !(array instanceof BigInt64Array) && !(array instanceof BigUint64Array)
}

const describe = (value: unknown): string => (ArrayBuffer.isView(value) ? `a ${value.constructor.name}` : show(value))
