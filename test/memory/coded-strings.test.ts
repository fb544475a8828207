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

  it('of a list that fits its blocks are coded together, and those no row refers to may be of any sort', () => {
    const { writer, texts, dictionary } = setUp(64)
    const write = (list: readonly unknown[], positions: number[]) => {
      const block = writer.prepare({ x: { codes: Int32Array.from(positions), dictionary: list as string[] } })
      const written = writer.writeColumns(block, 0, positions.length, 0)
      expect(texts(written)).toEqual(positions.slice(0, written).map(position => list[position]))
      return written
    }
    const list = Array.from('fedcba')
    expect(write(list, [3, 1, 1, 3, 1, 3, 1])).toBe(7)
    expect(list.map(text => dictionary.find(text) - dictionary.find('f'))).toEqual([0, 1, 2, 3, 4, 5])
    expect(write(list, [5, 4, 3, 2, 1, 0])).toBe(6)
    expect(write(list, [5, 4, 6, 2, 1, 0])).toBe(2)
    expect(write(list, [5, -1])).toBe(1)
    // One that has no string at a place, and one that shares some.
    expect(write(['p', 7, 'q'], [0, 2, 0, 2])).toBe(4)
    expect(write(['p', 7, 'q'], [0, 2, 1, 2])).toBe(2)
    expect(write(['x', 'c', 'y'], [0, 1, 2, 1, 0])).toBe(5)
    // A list that grew.
    list.push('g')
    expect(write(list, [6, 0, 5, 6])).toBe(4)
  })

  it('are not coded together where that would take more codes than there are', () => {
    const { writer, texts, dictionary } = setUp(8)
    for (const text of 'stuvwx') dictionary.encode(text)
    dictionary.addOwner(mark => {
      for (const text of 'stuvwx') if (dictionary.find(text) > 0) mark(dictionary.find(text))
    })
    const block = writer.prepare({ x: { codes: Int32Array.of(1, 2, 1, 2), dictionary: Array.from('abcd') } })
    expect(writer.writeColumns(block, 0, 4, 0)).toBe(4)
    expect(texts(4)).toEqual(['b', 'c', 'b', 'c'])
  })
})
