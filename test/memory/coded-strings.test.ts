import { describe, expect, it } from 'vitest'
import { jsKernels } from '../../src/kernels/js-engine.ts'
import { type ColumnField, dictionariesOf } from '../../src/memory/column-buffers.ts'
import { ColumnWriter } from '../../src/memory/column-writer.ts'
import { utf8 } from '../../src/schema/data-type.ts'
import { cell, looseColumns, makeArena, vectorsOf } from './fixture.ts'

const ROWS = 64
const fields: readonly ColumnField[] = [{ name: 'x', type: utf8() }]

/** A writer of one text column whose dictionary has so many codes. */
function setUp(maxCodes: number) {
  const arena = makeArena()
  const { memory } = arena
  const columns = looseColumns(arena, fields, ROWS)
  const dictionaries = dictionariesOf(fields, maxCodes)
  const writer = new ColumnWriter({
    memory,
    arena,
    kernels: jsKernels(memory),
    target: { columns },
    fields,
    dictionaries,
  })
  const [vector] = vectorsOf(columns, dictionaries)
  const texts = (count: number) => Array.from({ length: count }, (_, row) => cell(memory, vector!, row))
  return { writer, texts, dictionary: dictionaries[0]! }
}

describe('coded strings', () => {
  it('stay right when codes are taken back in the middle of a block', () => {
    const { writer, texts: written, dictionary } = setUp(8)
    const list = Array.from('abcdefghijkl')
    // Those that rows hold by the time codes are taken back: what stands further on in the block isn't written yet.
    let held: string[] = []
    dictionary.addOwner(mark => {
      for (const text of held) if (dictionary.find(text) > 0) mark(dictionary.find(text))
    })
    const write = (positions: number[], writtenFirst: number) => {
      const texts = positions.map(position => list[position]!)
      held = texts.slice(0, writtenFirst)
      const block = writer.prepare({ x: { codes: Int32Array.from(positions), dictionary: list } })
      expect(writer.writeColumns(block, 0, positions.length, 0)).toBe(positions.length)
      expect(written(positions.length)).toEqual(texts)
    }
    write([0, 1, 2, 3, 4, 5], 6)
    // 'g' to 'j' need the codes of strings that no row holds any more, some of which come again behind them.
    write([6, 7, 8, 9, 1, 0, 6], 4)
  })

  it('of the latest list keep their codes, unless it is longer than half of those there may be', () => {
    for (const [maxCodes, isKept] of [
      [24, true],
      [23, false],
    ] as const) {
      const { writer, texts, dictionary } = setUp(maxCodes)
      const list = Array.from('abcdefghijkl')
      const positions = Int32Array.from(list.keys())
      const write = () => {
        const block = writer.prepare({ x: { codes: positions, dictionary: list } })
        expect(writer.writeColumns(block, 0, list.length, 0)).toBe(list.length)
        expect(texts(list.length)).toEqual(list)
      }
      write()
      for (let i = 0; i < 100; i++) dictionary.encode(`other ${i}`)
      expect(list.every(text => dictionary.find(text) > 0)).toBe(isKept)
      // Rows hold what is written.
      dictionary.addOwner(mark => {
        for (const text of list) if (dictionary.find(text) > 0) mark(dictionary.find(text))
      })
      write()
    }
  })
})
