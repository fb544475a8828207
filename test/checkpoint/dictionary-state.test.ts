import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { captureDictionaries, readDictionaries, writeDictionaries } from '../../src/checkpoint/dictionary-state.ts'
import { StateReader } from '../../src/checkpoint/state-reader.ts'
import { StateWriter } from '../../src/checkpoint/state-writer.ts'
import { allSteps } from '../../src/checkpoint/steps.ts'
import { Dictionary } from '../../src/memory/dictionary.ts'

/** A dictionary of these strings at the codes they have in the list; null: a free code. */
function dictionaryOf(strings: readonly (string | null)[]): Dictionary {
  const dictionary = new Dictionary({ maxCodes: 5_000 })
  expect(dictionary.refill([null, ...strings])).toBe(true)
  return dictionary
}

const written = (...lists: (readonly (string | null)[])[]): Uint8Array => {
  const writer = new StateWriter()
  writeDictionaries(writer, lists.map(dictionaryOf))
  return writer.finish()
}

function readBack(bytes: Uint8Array, count: number): (string | null)[][] {
  const dictionaries = Array.from({ length: count }, () => new Dictionary({ maxCodes: 5_000 }))
  const reader = new StateReader(bytes)
  readDictionaries(reader, dictionaries)
  reader.end()
  return dictionaries.map(({ strings }) => strings.slice(1))
}

const halves = fc.constantFrom('\ud83d', '\ude00', '\ud83dx', 'x\ude00', '\ufeff', '')
const text = fc.oneof(halves, fc.string(), fc.string({ unit: 'binary' }), fc.string({ minLength: 200, maxLength: 300 }))

describe('the strings of text columns in a state', () => {
  it('come back at the codes they had, free ones free, code unit by code unit', () => {
    const list = fc.uniqueArray(text, { maxLength: 60 }).chain(strings =>
      fc.array(fc.nat(3), { minLength: strings.length, maxLength: strings.length }).map(gaps =>
        // The last code is always one in use: codes beyond it don't exist.
        strings.flatMap((each, i) => [...Array(gaps[i]! === 3 ? 2 : 0).fill(null), each]),
      ),
    )
    fc.assert(
      fc.property(list, list, (one, other) => {
        expect(readBack(written(one, other), 2)).toEqual([one, other])
      }),
      { numRuns: 200 },
    )
  })

  it('may be more than fit one text', () => {
    const many = Array.from({ length: 4_321 }, (_, i) => (i % 50 === 7 ? null : `${i}${'ü'.repeat(i % 9)}`))
    expect(readBack(written(many), 1)).toEqual([many])
  })

  it('are those of the moment they were taken at, whenever they are written', () => {
    const dictionary = dictionaryOf(['a', null, 'c'])
    const write = captureDictionaries([dictionary])
    dictionary.encode('b')
    dictionary.encode('d')
    const writer = new StateWriter()
    allSteps(write(writer))
    expect(writer.finish()).toEqual(written(['a', null, 'c']))
  })

  it.each([
    ['longer than their text', [1, 2], 'ab'],
    ['shorter than their text', [1], 'ab'],
    ['as long as no text can be', [2 ** 32 - 2], 'ab'],
  ])('are refused when they are %s', (_, lengths, joined) => {
    const writer = new StateWriter()
    writer.u32(1)
    writer.u32(lengths.length + 1)
    writer.words(Uint32Array.from(lengths), 0, lengths.length)
    writer.text(joined)
    expect(() => readBack(writer.finish(), 1)).toThrow(/code units/)
  })

  it.each([0, 2 ** 31, 2 ** 32 - 1])('are refused when there are %d codes', count => {
    const writer = new StateWriter()
    writer.u32(1)
    writer.u32(count)
    writer.u32(1)
    expect(() => readBack(writer.finish(), 1)).toThrow("don't fit into what is left")
  })
})
