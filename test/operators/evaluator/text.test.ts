import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { literalNode } from '../../../src/expression/literal.ts'
import type { ExpressionNode, FunctionName } from '../../../src/expression/node.ts'
import { Dictionary } from '../../../src/memory/dictionary.ts'
import { ExpressionSet } from '../../../src/operators/evaluator/expression-set.ts'
import { evaluate, type Row } from '../../plan/scalar-interpreter.ts'
import { BatchFixture, ENGINES } from '../batch-fixture.ts'

const column = (name: string): ExpressionNode => ({ kind: 'column', name })
const text = (value: string | null) => literalNode(value, 'utf8')
const call = (fn: FunctionName, ...args: ExpressionNode[]): ExpressionNode => ({ kind: 'call', fn, args })

const fail = (i: number) => expect.fail(`wrong at batch ${i}`)

/** A dictionary of 8 codes whose only owner is the batch last written: every few batches it sweeps. */
function tinyDictionary() {
  const held = new Set<number>()
  const dictionary = new Dictionary({ maxCodes: 8, initialCodes: 8 })
  dictionary.addOwner(mark => held.forEach(mark))
  return { dictionary, hold: (texts: (string | null)[]) => replace(held, dictionary, texts) }
}

/** Encoding may sweep, and the batch that is being written must survive that. */
function replace(held: Set<number>, dictionary: Dictionary, texts: (string | null)[]): void {
  held.clear()
  for (const each of texts) if (each !== null) held.add(dictionary.encode(each))
}

const EXPRESSIONS: readonly ExpressionNode[] = [
  call('eq', column('a'), text('t7')),
  call('ne', column('a'), text('t7')),
  call('ne', text('t3'), column('b')),
  call('in', column('a'), text('t1'), text('t12'), text('t25')),
  call('startsWith', column('b'), text('t1')),
  call('contains', column('b'), text('2')),
  call('length', column('a')),
  call('upper', column('a')),
  call('splitPart', column('b'), text('1'), literalNode(1, 'f64')),
  call('coalesce', call('splitPart', column('a'), text('2'), literalNode(1, 'f64')), call('lower', column('b'))),
  call('eq', column('a'), column('b')),
  call('ne', column('a'), column('b')),
  call('coalesce', column('a'), column('b'), text('none')),
  call('if', call('startsWith', column('a'), text('t2')), text('two'), column('b')),
  call('coalesce', call('if', call('isNull', column('b')), text('t1'), column('b')), column('a')),
]

describe.each(ENGINES)('text on the %s engine', engine => {
  it('is told apart rightly while its dictionaries hand codes out again', () => {
    const word = fc.option(
      fc.integer({ min: 0, max: 30 }).map(i => `t${i}`),
      { freq: 4 },
    )
    const row = fc.record({ a: word, b: word })
    fc.assert(
      fc.property(fc.array(fc.array(row, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 30 }), batches => {
        const a = tinyDictionary()
        const b = tinyDictionary()
        const dictionaries = { a: a.dictionary, b: b.dictionary }
        const fixture = new BatchFixture(engine, { a: 'utf8?', b: 'utf8?' }, 4, dictionaries)
        const set = new ExpressionSet(fixture.columns, fixture.context)
        const compiled = EXPRESSIONS.map(node => set.compile(node))
        for (const rows of batches as Row[][]) {
          a.hold(rows.map(each => each.a as string | null))
          b.hold(rows.map(each => each.b as string | null))
          set.bind(fixture.write(rows))
          compiled.forEach((expression, i) => {
            const vector = expression.evaluate()
            const values = rows.map((_, at) => fixture.read(vector, at))
            expect(values).toEqual(rows.map(each => evaluate(EXPRESSIONS[i]!, each)))
          })
        }
      }),
      { numRuns: 150 },
    )
  })

  it('works over a dictionary that had free codes before the expression was compiled', () => {
    const { dictionary, hold } = tinyDictionary()
    for (let i = 0; i < 20; i++) hold([`old${i}`])
    const fixture = new BatchFixture(engine, { a: 'utf8' }, 4, { a: dictionary })
    const set = new ExpressionSet(fixture.columns, fixture.context)
    const isNew = set.compile(call('startsWith', column('a'), text('new')))
    for (let i = 0; i < 30; i++) {
      hold([`new${i}`, `old${i}`])
      set.bind(fixture.write([{ a: `new${i}` }, { a: `old${i}` }]))
      const vector = isNew.evaluate()
      expect([fixture.read(vector, 0), fixture.read(vector, 1)]).toEqual([true, false])
    }
  })

  it('computed stays bounded: 50,000 distinct texts pass a computed column of a few thousand codes', () => {
    const { dictionary, hold } = tinyDictionary()
    const fixture = new BatchFixture(engine, { a: 'utf8', n: 'i32' }, 4, { a: dictionary })
    const set = new ExpressionSet(fixture.columns, fixture.context)
    const renamed = set.compile(call('if', call('eq', column('n'), literalNode(0, 'i32')), text('zero'), column('a')))
    const written = set.compile(call('toUtf8', column('n')))
    for (let i = 0; i < 50_000; i++) {
      hold(['steady', `s${i}`])
      set.bind(
        fixture.write([
          { a: 'steady', n: 1 },
          { a: `s${i}`, n: i },
        ]),
      )
      const names = renamed.evaluate()
      if (fixture.read(names, 0) !== 'steady' || fixture.read(names, 1) !== (i === 0 ? 'zero' : `s${i}`)) fail(i)
      if (fixture.read(written.evaluate(), 1) !== String(i)) fail(i)
    }
    expect(set.dictionaries).toHaveLength(2)
    for (const computed of set.dictionaries) expect(computed.codeLimit).toBeLessThan(5_000)
  })

  it('computed keeps the codes that an owner downstream still refers to', () => {
    const fixture = new BatchFixture(engine, { n: 'i32' }, 4)
    const set = new ExpressionSet(fixture.columns, fixture.context)
    const written = set.compile(call('toUtf8', column('n')))
    const kept: number[] = []
    written.dictionary!.addOwner(mark => kept.forEach(mark))
    for (let i = 0; i < 10_000; i++) {
      set.bind(fixture.write([{ n: i }]))
      const vector = written.evaluate()
      if (i % 1000 === 0) kept.push(fixture.memory.i32[vector.values >>> 2]!)
    }
    expect(kept.map(code => written.dictionary!.decode(code))).toEqual(kept.map((_, i) => String(i * 1000)))
  })

  it('is read as a number only where it is one', () => {
    const texts = [
      '1',
      '-1.5e3',
      ' 7 ',
      '+.5',
      '5.',
      '1e400',
      '',
      ' ',
      '0x10',
      'NaN',
      'Infinity',
      '1_000',
      '1,5',
      '١',
      null,
    ]
    const numbers = [1, -1500, 7, 0.5, 5, Number.POSITIVE_INFINITY, ...Array(9).fill(null)]
    const fixture = new BatchFixture(engine, { a: 'utf8?' }, 16)
    const set = new ExpressionSet(fixture.columns, fixture.context)
    const compiled = set.compile(call('toF64', column('a')))
    expect(compiled.type).toMatchObject({ name: 'f64', isNullable: true })
    set.bind(fixture.write(texts.map(a => ({ a }))))
    const vector = compiled.evaluate()
    expect(texts.map((_, i) => fixture.read(vector, i))).toEqual(numbers)
  })

  it('asks a predicate once per distinct text, not per row', () => {
    const dictionary = new Dictionary({ maxCodes: 100 })
    let decoded = 0
    const decode = dictionary.decode.bind(dictionary)
    dictionary.decode = code => {
      decoded++
      return decode(code)
    }
    const fixture = new BatchFixture(engine, { a: 'utf8' }, 64, { a: dictionary })
    const set = new ExpressionSet(fixture.columns, fixture.context)
    const predicate = set.compile(call('startsWith', column('a'), text('b')))
    for (let i = 0; i < 100; i++) {
      set.bind(fixture.write(Array.from({ length: 64 }, (_, row) => ({ a: 'abc'[row % 3]! }))))
      predicate.evaluate()
    }
    expect(decoded).toBe(4)
  })
})

describe('the order of texts', () => {
  it('is refused when the expression is compiled', () => {
    const fixture = new BatchFixture('js', { a: 'utf8' }, 4)
    const set = new ExpressionSet(fixture.columns, fixture.context)
    expect(() => set.compile(call('lt', column('a'), text('b')))).toThrow(
      expect.objectContaining({ code: 'EXPRESSION_INVALID' }),
    )
  })
})
