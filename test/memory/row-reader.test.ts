import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ColumnField, dictionariesOf } from '../../src/memory/column-buffers.ts'
import type { RecordBatch } from '../../src/memory/record-batch.ts'
import { RowReader } from '../../src/memory/row-reader.ts'
import { RowWriter } from '../../src/memory/row-writer.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { ENGINES, fieldsArbitrary, looseColumns, makeArena, stored, valueArbitrary, vectorsOf } from './fixture.ts'

const ROWS = 24

const scenario = fieldsArbitrary().chain(fields =>
  fc.record({
    fields: fc.constant(fields),
    rows: fc.array(fc.tuple(...fields.map(field => valueArbitrary(field.type, 0))), { minLength: 1, maxLength: ROWS }),
    picks: fc.uniqueArray(fc.nat(ROWS - 1)),
  }),
)

function batchOf(engine: 'wasm' | 'js', fields: readonly ColumnField[], rows: readonly unknown[][], picks?: number[]) {
  const arena = makeArena(engine)
  const { memory } = arena
  const columns = looseColumns(arena, fields, ROWS)
  const dictionaries = dictionariesOf(fields, 1000)
  const writer = new RowWriter({ memory, target: { columns }, fields, dictionaries })
  const events = rows.map(row => Object.fromEntries(fields.map((field, i) => [field.name, row[i]])))
  expect(writer.writeRows(events, 0, events.length, 0)).toBe(events.length)
  let selection = 0
  if (picks !== undefined) {
    selection = arena.allocate(picks.length * 4)
    memory.u32.set(picks, selection >>> 2)
  }
  const batch: RecordBatch = {
    length: rows.length,
    columns: vectorsOf(columns, dictionaries),
    selection,
    selectedCount: picks?.length ?? rows.length,
    origin: 0,
    watermarks: undefined,
  }
  return { arena, memory, batch }
}

const objectOf = (fields: readonly ColumnField[], row: readonly unknown[]) =>
  Object.fromEntries(fields.map((field, i) => [field.name, stored(field.type.name, row[i])]))

describe.each(ENGINES)('rows read from the %s memory', engine => {
  it.each([true, false])('are what was written, as plain objects in schema order (generated: %s)', generate => {
    fc.assert(
      fc.property(scenario, ({ fields, rows, picks }) => {
        const alive = picks.filter(pick => pick < rows.length).sort((a, b) => a - b)
        const { memory, batch } = batchOf(engine, fields, rows, alive)
        const reader = new RowReader({ memory, fields, generate })
        expect(reader.isGenerated).toBe(generate)
        for (let i = 0; i < rows.length; i++) {
          const row = reader.readRow(batch, i)
          expect(row).toStrictEqual(objectOf(fields, rows[i]!))
          expect(Object.keys(row)).toEqual(fields.map(field => field.name))
        }
        const into: Record<string, unknown>[] = [{ kept: true }]
        const all = { ...batch, selection: 0, selectedCount: rows.length }
        expect(reader.readRows(all, into)).toBe(rows.length)
        expect(into).toStrictEqual([{ kept: true }, ...rows.map(row => objectOf(fields, row))])
        if (alive.length === 0) return
        const chosen: Record<string, unknown>[] = []
        expect(reader.readRows(batch, chosen)).toBe(alive.length)
        expect(chosen).toStrictEqual(alive.map(pick => objectOf(fields, rows[pick]!)))
      }),
      { numRuns: 150 },
    )
  })
})

it('a reader goes on after the memory has grown', () => {
  const fields = [{ name: 'x', type: i32() }]
  const { arena, memory, batch } = batchOf('wasm', fields, [[7]])
  const readers = [true, false].map(generate => new RowReader({ memory, fields, generate }))
  arena.allocate(2 ** 21)
  for (const reader of readers) expect(reader.readRow(batch, 0)).toEqual({ x: 7 })
})
