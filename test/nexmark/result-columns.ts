import type { ColumnBlock, DataType, PipelineConfig, ResultBatch } from 'eventflux'
import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { queries } from '../../examples/nexmark/queries/index.ts'
import { runQuery } from '../../examples/nexmark/run-query.ts'

export type QueryName = keyof typeof queries

/** Runs a query over the bids of `blocksOf` its columns, and gives its results by column. */
export async function resultColumns(
  name: QueryName,
  config: PipelineConfig,
  blocksOf: (columns: readonly BidColumn[]) => Iterable<ColumnBlock>,
): Promise<unknown[][]> {
  const query = queries[name](config)
  const { fields } = query.outputSchema
  const columns = fields.map((): unknown[] => [])
  const take = (batch: ResultBatch): void => {
    for (const [i, { name: field, type }] of fields.entries()) {
      const at = cellsOf(batch, field, type)
      const column = columns[i]!
      for (let row = 0; row < batch.length; row++) column.push(at(row))
    }
  }
  const drawn = query.plan.source.map(({ name: column }) => column as BidColumn)
  await runQuery(query, blocksOf(drawn), take)
  return columns
}

function cellsOf(batch: ResultBatch, field: string, type: DataType): (row: number) => unknown {
  if (type.name === 'utf8') return row => batch.text(field, row)
  const values = batch.column(field)
  return type.isNullable ? row => (batch.isValid(field, row) ? values[row] : null) : row => values[row]
}

/** The same rows, sorted by the first columns. */
export function sortedRows(columns: readonly (readonly unknown[])[], by: number): readonly (readonly unknown[])[] {
  if (by === 0) return columns
  const order = Array.from({ length: columns[0]!.length }, (_, i) => i)
  const keys = columns.slice(0, by) as (number | string)[][]
  const compare = (a: number, b: number): number => {
    for (const key of keys) if (key[a] !== key[b]) return key[a]! < key[b]! ? -1 : 1
    return a - b
  }
  order.sort(compare)
  return columns.map(column => order.map(row => column[row]))
}

/** Of rows that are equal in some columns the last alone, where the first stood: what results that replace earlier ones come to. */
export function latestRows(columns: readonly (readonly unknown[])[], keys: readonly number[]): unknown[][] {
  const latest = new Map<string, number>()
  for (let row = 0; row < columns[0]!.length; row++) latest.set(keys.map(key => columns[key]![row]).join(), row)
  const rows = [...latest.values()]
  return columns.slice(1).map(column => rows.map(row => column[row]))
}
