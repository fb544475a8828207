import { expectArgument, has } from '../options.ts'
import type { ResultBatch } from '../runtime/result-batch.ts'
import type { TypeName } from '../schema/data-type.ts'
import { checkSchema, type Schema } from '../schema/schema.ts'
import { type ColumnOptions, type ColumnParts, columnParts } from './column-parts.ts'

/** What is used of the package `@uwdata/flechette`. */
export interface FlechetteLibrary<Table, Type, Column> {
  // biome-ignore lint/suspicious/noExplicitAny: a class for each type
  batchType(type: Type, options: { readonly useBigInt: boolean }): any
  readonly Column: new (
    // biome-ignore lint/suspicious/noExplicitAny: of those classes
    batches: any[],
  ) => Column
  tableFromColumns(columns: [string, Column][]): Table
  float64(): Type
  float32(): Type
  int32(): Type
  uint32(): Type
  int64(): Type
  bool(): Type
  timestamp(): Type
  utf8(): Type
  dictionary(type: Type, codes: Type, ordered: boolean, id: number): Type
}

const TYPES = {
  f64: 'float64',
  f32: 'float32',
  i32: 'int32',
  u32: 'uint32',
  i64: 'int64',
  bool: 'bool',
  timestamp: 'timestamp',
  utf8: 'utf8',
  object: 'utf8',
} as const satisfies Record<TypeName, string>

/** What `tableToIPC` asks of a column without nulls. */
const NO_NULLS = new Uint8Array(0)

/**
 * The way from `onBatch` to tables of `@uwdata/flechette`, a small library of Apache Arrow: a function that makes a table of
 * each batch of results. Its columns are those of `recordBatches`. `tableToIPC` makes bytes of a table.
 *
 * @param flechette The package: `import * as flechette from '@uwdata/flechette'`.
 * @param schema That of the results: `pipeline.outputSchema`.
 * @example
 * import * as flechette from '@uwdata/flechette'
 * const toTable = flechetteTables(flechette, highs.outputSchema, { text: 'dictionary' })
 * await highs.run({ onBatch: batch => console.log(toTable(batch).toArray()) })
 */
export function flechetteTables<Table, Type, Column>(
  flechette: FlechetteLibrary<Table, Type, Column>,
  schema: Schema,
  options: ColumnOptions = {},
): (batch: ResultBatch) => Table {
  expectArgument('flechetteTables', flechette, has('tableFromColumns'), 'the library, import * as flechette')
  checkSchema('flechetteTables', schema)
  const columnOf = (type: Type, { dictionary, nullBitmap = NO_NULLS, ...parts }: ColumnParts, texts?: Type): Column => {
    const batch = new (flechette.batchType(type, { useBigInt: true }))({ type, validity: nullBitmap, ...parts })
    if (dictionary) batch.setDictionary(columnOf(texts!, dictionary))
    return new flechette.Column([batch])
  }
  const columns = schema.fields.map((field, id) => {
    const plain = flechette[TYPES[field.type.name]]()
    if (field.type.name !== 'utf8' || options.text !== 'dictionary') return { field, type: plain }
    // Dictionaries are told apart by the objects their types are.
    return { field, type: flechette.dictionary(plain, flechette.int32(), false, id), texts: plain }
  })
  return batch =>
    flechette.tableFromColumns(
      columns.map(({ field, type, texts }) => [field.name, columnOf(type, columnParts(field, batch, options), texts)]),
    )
}
