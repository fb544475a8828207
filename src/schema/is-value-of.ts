import type { DataType } from './data-type.ts'

/** Whether a JavaScript value is one a column of a type holds, null aside. */
export function isValueOf({ name }: DataType, value: unknown): boolean {
  switch (name) {
    case 'f64':
      return typeof value === 'number'
    case 'f32':
      return typeof value === 'number' && Object.is(Math.fround(value), value)
    case 'i32':
      return typeof value === 'number' && (value | 0) === value
    case 'u32':
      return typeof value === 'number' && value >>> 0 === value
    case 'timestamp':
      return Number.isSafeInteger(value)
    case 'i64':
      return typeof value === 'bigint' && BigInt.asIntN(64, value) === value
    case 'bool':
      return typeof value === 'boolean'
    case 'utf8':
      return typeof value === 'string'
    default:
      return true
  }
}
