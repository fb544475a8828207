import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StateReader } from '../../src/checkpoint/state-reader.ts'
import { StateWriter } from '../../src/checkpoint/state-writer.ts'
import { sizeOfState } from '../../src/checkpoint/stateful.ts'
import { EventfluxError } from '../../src/errors.ts'

const written = (write: (writer: StateWriter) => void): Uint8Array => {
  const writer = new StateWriter()
  write(writer)
  return writer.finish()
}

/** What reading ends with: nothing, or the code of its error. Any other error is a failure of the test. */
function codeOf(read: () => unknown): string | undefined {
  try {
    read()
    return undefined
  } catch (error) {
    if (error instanceof EventfluxError) return error.code
    throw error
  }
}

const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map(unit => String.fromCharCode(unit)) })
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, undefined, true, false, -0, Number.NaN, Number.POSITIVE_INFINITY, '', '\ufefftext'),
    fc.double(),
    text,
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array(),
    fc.float64Array(),
    fc.bigInt64Array(),
    fc.uint8Array().map(bytes => bytes.slice().buffer),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor')), tie('value'), { maxKeys: 5 }),
    fc.array(tie('value'), { maxLength: 5 }).map(values => new Set(values)),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 5 }).map(entries => new Map(entries)),
  ),
}))

describe('a state in bytes', () => {
  it('gives back numbers, texts and blocks bit by bit', () => {
    const bytes = written(writer => {
      writer.u8(255)
      writer.bool(true)
      writer.u32(2 ** 32 - 1)
      writer.f64(-0)
      writer.f64(Number.NaN)
      writer.i64(-(2n ** 63n))
      writer.text('\ufeffü\ud800')
      writer.text('\ufeffü')
      writer.block(Uint8Array.of(1, 2))
      writer.words(Uint32Array.of(9, 8, 7), 1, 2)
    })
    const reader = new StateReader(bytes)
    expect([reader.u8(), reader.bool(), reader.u32()]).toEqual([255, true, 2 ** 32 - 1])
    expect(Object.is(reader.f64(), -0)).toBe(true)
    expect([reader.f64(), reader.i64()]).toEqual([Number.NaN, -(2n ** 63n)])
    expect([reader.text(), reader.text()]).toEqual(['\ufeffü\ud800', '\ufeffü'])
    expect([...reader.block()]).toEqual([1, 2])
    const words = new Uint32Array(3)
    reader.words(words, 1, 2)
    expect([...words]).toEqual([0, 8, 7])
    reader.end()
  })

  it('is little-endian, whatever the machine is', () => {
    const bytes = written(writer => {
      writer.u32(0x01020304)
      writer.f64(1)
      writer.section('a', () => writer.u8(7))
    })
    expect([...bytes]).toEqual([4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 1, 0, 0, 0, 97, 1, 0, 0, 0, 7])
  })

  it('gives back any value a state may be made of', () => {
    fc.assert(
      fc.property(value, given => {
        const bytes = written(writer => writer.value(given))
        const reader = new StateReader(bytes)
        expect(isDeepStrictEqual(reader.value(), given)).toBe(true)
        reader.end()
        expect(sizeOfState({ snapshot: writer => writer.value(given) })).toBe(bytes.length)
      }),
      { numRuns: 500 },
    )
  })

  it('gives back a date that is none, which equals no date', () => {
    const read = new StateReader(written(writer => writer.value(new Date(Number.NaN)))).value()
    expect(read).toBeInstanceOf(Date)
    expect((read as Date).getTime()).toBeNaN()
  })

  it('gives back values that stand anywhere in a Buffer, as files are read', () => {
    const value = [Float64Array.of(1, 2), Uint8Array.of(3).buffer]
    const bytes = Buffer.concat([Buffer.of(0, 0, 0), written(writer => writer.value(value))]).subarray(3)
    const again = new StateReader(bytes).value() as typeof value
    expect(again).toEqual(value)
    bytes.fill(255)
    expect(again).toEqual(value)
  })

  it('makes nothing of a name but a field', () => {
    const given = JSON.parse('{"__proto__": {"polluted": true}}') as object
    const read = new StateReader(written(writer => writer.value(given))).value() as object
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
    expect(Object.keys(read)).toEqual(['__proto__'])
  })

  class Account {
    balance = 1
  }
  const cyclic: unknown[] = []
  cyclic.push(cyclic)
  it.each([
    ['a function', () => {}],
    ['a symbol', Symbol('s')],
    ['an instance of a class', new Account()],
    ['one in a map', new Map([['a', new Account()]])],
    ['a promise', Promise.resolve()],
    ['a regular expression', /x/],
    ['an error', new Error('x')],
    ['an object with a symbol', { [Symbol('s')]: 1 }],
    ['an array that is part of itself', cyclic],
    ['a view without a type', new DataView(new ArrayBuffer(8))],
  ])('refuses %s', (_, given) => {
    expect(codeOf(() => written(writer => writer.value(given)))).toBe('CHECKPOINT_UNSUPPORTED')
  })
})

describe('sections', () => {
  const bytes = written(writer => {
    writer.section('outer', () => {
      writer.section('inner', () => writer.f64(1))
      writer.section('other', () => writer.f64(2))
    })
  })

  it('are read by name, one in the other', () => {
    const reader = new StateReader(bytes)
    const read = reader.section('outer', () => {
      const inner = reader.section('inner', () => reader.f64())
      return [inner, reader.section('other', () => reader.f64())]
    })
    reader.end()
    expect(read).toEqual([1, 2])
  })

  const f64 = (reader: StateReader) => () => reader.f64()
  it.each<[string, (reader: StateReader) => unknown]>([
    ['unknown', reader => reader.section('outer', () => reader.section('unknown', f64(reader)))],
    [
      'missing',
      reader => [reader.section('outer', () => reader.bytes(reader.remaining)), reader.section('x', f64(reader))],
    ],
    ['read again', reader => reader.section('outer', () => [1, 2].map(() => reader.section('inner', f64(reader))))],
    ['not read to their end', reader => reader.section('outer', () => reader.section('inner', () => reader.u32()))],
    ['read beyond their end', reader => reader.section('outer', () => reader.section('inner', () => reader.bytes(9)))],
    ['followed by something', reader => [reader.section('outer', () => reader.section('inner', f64(reader)))]],
  ])('are refused when they are %s', (_, read) => {
    expect(codeOf(() => read(new StateReader(bytes)))).toBe('CHECKPOINT_INVALID')
  })

  it('say where they stand when something is wrong', () => {
    const reader = new StateReader(bytes)
    const read = () => reader.section('outer', () => reader.section('inner', () => reader.integer() + reader.u8()))
    expect(read).toThrow(/outer › inner, at byte \d+: 1 bytes are wanted and 0 are left/)
  })
})

describe('hostile lengths', () => {
  const lengths = [2 ** 31, 2 ** 32 - 1, 2 ** 53, -1, 4.1, Number.NaN, Number.POSITIVE_INFINITY]
  it.each(lengths)('of %d bytes are refused before anything is made', length => {
    const reader = new StateReader(new Uint8Array(16))
    expect(codeOf(() => reader.bytes(length))).toBe('CHECKPOINT_INVALID')
    expect(codeOf(() => reader.words(new Uint32Array(1), 0, length * 4))).toBe('CHECKPOINT_INVALID')
  })

  it.each([2 ** 31, 2 ** 32 - 1, 13])('of %d, announced before 12 bytes, are refused', length => {
    const announced = written(writer => {
      writer.u32(length)
      writer.bytes(new Uint8Array(12))
    })
    const reads: ((reader: StateReader) => unknown)[] = [reader => reader.count(1), reader => reader.block()]
    for (const read of reads) expect(codeOf(() => read(new StateReader(announced)))).toBe('CHECKPOINT_INVALID')
    for (const tags of [[5, 0], [6, 0], [7], [8], [9], [10], [12], [13, 0], [14]])
      expect(codeOf(() => new StateReader(Uint8Array.of(...tags, ...announced)).value())).toBe('CHECKPOINT_INVALID')
  })

  it('and any other bytes make a value or one typed error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
        expect([undefined, 'CHECKPOINT_INVALID']).toContain(codeOf(() => new StateReader(bytes).value()))
      }),
      { numRuns: 3_000 },
    )
  })

  it('as deep as bytes allow make one typed error', () => {
    const arrays = Uint8Array.from({ length: 100_000 }, (_, i) => [7, 1, 0, 0, 0][i % 5]!)
    expect(codeOf(() => new StateReader(arrays).value())).toBe('CHECKPOINT_INVALID')
  })
})
