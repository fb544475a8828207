/** Numbers that the format gives its types (Schema.fbs), the same in every library. */
export const Type = {
  Dictionary: -1,
  Int: 2,
  Float: 3,
  Utf8: 5,
  Bool: 6,
  Date: 8,
  Timestamp: 10,
  LargeUtf8: 20,
  Utf8View: 24,
} as const

/** A type, with what its kind of type says more. */
export interface ColumnType {
  readonly typeId: number
  readonly bitWidth?: number
  readonly precision?: number
  readonly unit?: number
}
