import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dictionariesOf } from '../../src/memory/column-buffers.ts'
import { Dictionary } from '../../src/memory/dictionary.ts'
import { RingBuffer } from '../../src/memory/ring-buffer.ts'
import { RowWriter } from '../../src/memory/row-writer.ts'
import { f64, utf8 } from '../../src/schema/data-type.ts'
import { bitByBit, makeArena } from './fixture.ts'

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', '\ud800', '\udc00', '\udc00\ud800', '\ud800\udc00', '\ufffd', 'é', 'e\u0301', '\0', 'a\0'),
)

describe('a dictionary', () => {
  it('gives back exactly the strings it was given, one code for each', () => {
    fc.assert(
      fc.property(fc.array(text, { maxLength: 200 }), texts => {
        const dictionary = new Dictionary({ maxCodes: 1000 })
        const codes = texts.map(value => dictionary.encode(value))
        codes.forEach((code, i) => {
          expect(dictionary.decode(code)).toBe(texts[i])
          expect(dictionary.find(texts[i]!)).toBe(code)
          expect(code).toBeGreaterThan(0)
          expect(code).toBeLessThan(dictionary.codeLimit)
        })
        const distinct = new Set(texts).size
        expect(new Set(codes).size).toBe(distinct)
        expect(dictionary.size).toBe(distinct)
      }),
    )
  })

  it('has null at code 0 and no code for strings it does not hold', () => {
    const dictionary = new Dictionary({ maxCodes: 10 })
    expect(dictionary.decode(0)).toBe(null)
    expect(dictionary.find('nothing')).toBe(-1)
  })

  it('never takes back a code that is referred to, under any schedule of references, and what it took over', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(40), fc.nat(9)), { maxLength: 300 }),
        fc.constantFrom(1, 4, 16),
        fc.uniqueArray(fc.nat(40), { maxLength: 30 }),
        (schedule, initialCodes, takenOver) => {
          const dictionary = new Dictionary({ maxCodes: 64, initialCodes })
          const held = new Map<number, string>()
          const known = new Map<number, string>()
          // A multiple of three leaves a code free.
          const strings = [null, ...takenOver.map(word => (word % 3 === 0 ? null : `w${word}`))]
          expect(dictionary.refill(strings)).toBe(true)
          for (const [code, value] of strings.entries()) if (value !== null) known.set(code, value)
          dictionary.addOwner(mark => {
            for (const code of held.keys()) mark(code)
            mark(0)
          })
          dictionary.onRecycle(codes => {
            for (const code of codes) {
              expect(held.has(code)).toBe(false)
              expect(known.delete(code)).toBe(true)
            }
          })
          for (const [word, slot] of schedule) {
            const value = `w${word}`
            const before = [...known].find(([, text]) => text === value)?.[0] ?? -1
            if (slot % 2 === 0) expect(dictionary.find(value)).toBe(before)
            const code = dictionary.encode(value)
            if (before !== -1) expect(code).toBe(before)
            expect(known.get(code) ?? value).toBe(value)
            known.set(code, value)
            held.set(code, value)
            if (held.size > 10) held.delete([...held.keys()][slot]!)
            for (const [alive, word] of held) expect(dictionary.decode(alive)).toBe(word)
          }
          expect(dictionary.size).toBe(known.size)
          expect(dictionary.codeLimit).toBeLessThanOrEqual(65)
        },
      ),
    )
  })

  it('finds what it took over all at once, whatever it is called', () => {
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 300 }), fc.array(text), (texts, others) => {
        const dictionary = new Dictionary({ maxCodes: 1000 })
        expect(dictionary.refill([null, ...texts])).toBe(true)
        for (const other of others) expect(dictionary.find(other)).toBe(texts.indexOf(other) + 1 || -1)
        texts.forEach((value, i) => {
          expect(dictionary.encode(value)).toBe(i + 1)
        })
        expect(dictionary.size).toBe(texts.length)
      }),
    )
  })

  it('takes nothing over that has a string twice, moves one that is here, or is too much', () => {
    const dictionary = new Dictionary({ maxCodes: 20_000 })
    const many = Array.from({ length: 10_000 }, (_, i) => `s${i}`)
    expect(dictionary.encode('s0')).toBe(1)
    for (const at of [1, 777, 9_999]) expect(dictionary.refill([null, ...many, many[at]!])).toBe(false)
    expect(dictionary.refill([null, 's1', 's0'])).toBe(false)
    expect(dictionary.refill([null, null, 's1'])).toBe(false)
    expect(dictionary.refill([null, 's0', ...Array(22_500).fill(null)])).toBe(false)
    expect(dictionary.size).toBe(1)
    expect(dictionary.find('s1')).toBe(-1)
    expect(dictionary.refill([null, ...many])).toBe(true)
    expect(many.map(each => dictionary.find(each))).toEqual(many.map((_, i) => i + 1))
  })

  it('is full when as many strings are alive as it may hold, and goes on when some are not any more', () => {
    const dictionary = new Dictionary({ maxCodes: 3, initialCodes: 1 })
    const held = new Set<number>()
    dictionary.addOwner(mark => held.forEach(mark))
    for (const value of ['a', 'b', 'c']) held.add(dictionary.encode(value))
    expect(() => dictionary.encode('d')).toThrow(expect.objectContaining({ code: 'STATE_FULL', value: 3 }))
    expect(dictionary.encode('a')).toBe([...held][0])
    held.delete(dictionary.find('b'))
    expect(dictionary.decode(dictionary.encode('d'))).toBe('d')
    expect(dictionary.find('b')).toBe(-1)
  })

  it.each([
    ['few of many rows', 40_000, 50],
    ['nearly as many as it may hold', 8_000, 7_990],
  ])('sweeps seldom when the strings alive are %s', (_, maxCodes, alive) => {
    const dictionary = new Dictionary({ maxCodes })
    const marksPerSweep = 20_000
    let sweeps = 0
    const held: number[] = []
    dictionary.addOwner(mark => {
      sweeps++
      for (let i = 0; i < marksPerSweep; i++) mark(held[i % held.length]!)
    })
    const strings = 200_000
    for (let i = 0; i < strings; i++) held[i % alive] = dictionary.encode(`s${i}`)
    expect(sweeps).toBeGreaterThan(1)
    // Marks per new string stay below a constant: 20,000 marks for every 1,000 strings or more.
    expect(sweeps).toBeLessThan(strings / 900)
  })
})

it('two million strings through a ring of 1,000 rows leave a dictionary as small as its rows need', () => {
  const arena = makeArena()
  const { memory } = arena
  const fields = [
    { name: 'id', type: f64() },
    { name: 'name', type: utf8() },
  ]
  const dictionaries = dictionariesOf(fields, 1_000_000)
  const dictionary = dictionaries[1]!
  const ring = new RingBuffer({ arena, kernels: bitByBit(memory), fields, dictionaries, capacity: 1000 })
  dictionary.addOwner(mark => ring.markCodes(dictionary, mark))
  const writer = new RowWriter({ memory, target: ring, fields, dictionaries })
  const bytes = memory.byteLength
  let id = 0
  let wrong = 0
  let expected = 0
  while (id < 2_000_000) {
    const rows = ring.claim(1 + (id % 700))
    for (let i = 0; i < rows; i++, id++) writer.writeRow({ id, name: `device/${id}` }, ring.writeRow + i)
    ring.publish(rows)
    const batch = ring.poll(rows === 0 ? 1000 : 300)
    const names = batch.columns[1]!.values >>> 2
    for (let i = 0; i < batch.length; i++, expected++) {
      if (dictionary.decode(memory.i32[names + i]!) !== `device/${expected}`) wrong++
    }
    ring.release(batch.length)
  }
  expect(wrong).toBe(0)
  expect(expected).toBeGreaterThan(1_998_000)
  expect(dictionary.codeLimit).toBeLessThanOrEqual(8_193)
  expect(memory.byteLength).toBe(bytes)
})
