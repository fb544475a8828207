import { type ColumnField, dictionariesOf } from '../../src/memory/column-buffers.ts'
import { RowWriter } from '../../src/memory/row-writer.ts'
import { cell, looseColumns, MAX_STRING, makeArena, vectorsOf } from './fixture.ts'

/** Rows of the columns that are written to. */
export const ROWS = 40

/** A writer of either form over columns of its own, and how to read a row of them back. */
export function setUpWriter(
  fields: readonly ColumnField[],
  generate: boolean,
  engine: 'wasm' | 'js' = 'js',
  maxCodes = 10_000,
) {
  const arena = makeArena(engine)
  const columns = looseColumns(arena, fields, ROWS)
  const target = { columns }
  const dictionaries = dictionariesOf(fields, maxCodes)
  const { memory } = arena
  const writer = new RowWriter({ memory, target, fields, dictionaries, generate, maxStringLength: MAX_STRING })
  const row = (at: number): unknown[] => vectorsOf(target.columns, dictionaries).map(vector => cell(memory, vector, at))
  return { arena, memory, target, dictionaries, writer, row }
}
