import fc from 'fast-check'
import type { FunctionDefinition } from '../../src/expression/function-definition.ts'
import { literalNode } from '../../src/expression/literal.ts'
import type { ExpressionNode, FunctionName } from '../../src/expression/node.ts'
import type { StoredTypeName } from '../../src/schema/data-type.ts'
import type { Row, Value } from '../plan/scalar-interpreter.ts'

/** A column of every type, with and without nulls; `t1` and `t2` share a dictionary. */
export const COLUMNS = {
  x: 'f64',
  y: 'f64?',
  g: 'f32?',
  i: 'i32?',
  u: 'u32',
  m: 'i64',
  k: 'i64?',
  p: 'bool',
  q: 'bool?',
  s: 'timestamp?',
  t1: 'utf8?',
  t2: 'utf8',
  t3: 'utf8?',
} as const satisfies Record<string, StoredTypeName | `${StoredTypeName}?`>

const f64 = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    1,
    -1,
    0.5,
    -0.5,
    2.5,
    -2.5,
    7,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
  fc.constantFrom(2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53, -(2 ** 53), 2 ** 63, -(2 ** 63), 5e-324, 1.7e308),
  fc.double(),
  fc.integer({ min: -9, max: 9 }),
)
const i64 = fc.oneof(
  fc.bigInt({ min: -9n, max: 9n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n, 2n ** 62n),
)
const time = fc.oneof(
  fc.integer({ min: -100_000_000, max: 100_000_000 }),
  fc.integer({ min: 1_500_000_000_000, max: 1_800_000_000_000 }),
  // A day short of the least time, so that rounding down stays a time.
  fc.constantFrom(0, -1, -86_400_000, 86_399_999, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER + 86_400_000),
)
const text = fc.constantFrom('', 'a', 'ab', 'abc', 'b', '12', '-1.5e3', 'ä', '日本', '__proto__')

const VALUES: Readonly<Record<StoredTypeName, fc.Arbitrary<Value>>> = {
  f64,
  f32: f64.map(Math.fround),
  i32: fc.oneof(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.integer({ min: -9, max: 9 })),
  u32: fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 9 })),
  i64,
  bool: fc.boolean(),
  timestamp: time,
  utf8: text,
}

/** A row of COLUMNS. */
export const randomRow: fc.Arbitrary<Row> = fc.record(
  Object.fromEntries(
    Object.entries(COLUMNS).map(([name, type]) => {
      const values = VALUES[type.replace('?', '') as StoredTypeName]
      return [name, type.endsWith('?') ? fc.option(values, { freq: 3 }) : values]
    }),
  ),
)

const column = (...names: (keyof typeof COLUMNS)[]) =>
  fc.constantFrom(...names).map((name): ExpressionNode => ({ kind: 'column', name }))
const literal = (...types: StoredTypeName[]) =>
  fc
    .constantFrom(...types)
    .chain(type => fc.option(VALUES[type], { freq: 12 }).map(value => literalNode(value, type) as ExpressionNode))
const literalOf = (type: StoredTypeName) => VALUES[type].map(value => literalNode(value, type) as ExpressionNode)
const call = (fns: readonly FunctionName[], ...args: fc.Arbitrary<ExpressionNode>[]) =>
  fc
    .tuple(fc.constantFrom(...fns), ...args)
    .map(([fn, ...nodes]): ExpressionNode => ({ kind: 'call', fn, args: nodes }))

/** Functions of the user's own, of each type of result; some give null, and some throw. */
const OWN = {
  letters: own('i32', false, (text: string) => text.length * 3),
  hash: own('u32', true, (text: string, by: number) =>
    text === 'b' ? null : ((text.length + Number(by > 0)) * 2 ** 31) >>> 0,
  ),
  mean: own('f64', false, (a: number, b: number) => (a + b) / 2),
  single: own('f32', true, (a: number) => (a === 1 ? null : Math.fround(a))),
  nested: own('i64', true, (a: bigint, b: boolean) => (a === 1n ? null : b ? a : 5n)),
  picky: own('i64', false, (a: bigint) => {
    if (a === 7n) throw new RangeError('seven')
    return a
  }),
  isLong: own('bool', true, (text: string) => (text === 'ab' ? null : text.length > 1)),
  isFar: own('bool', false, (time: number) => time > 0),
  midnight: own('timestamp', false, (time: number) => time - (time % 10)),
  mirrored: own('utf8', true, (text: string) => (text === '12' ? null : [...text].reverse().join(''))),
  worded: own('utf8', false, (a: number, text: string) => {
    if (a === 7) throw new RangeError('seven')
    return `${text}${Math.sign(a)}`
  }),
} as const satisfies Record<string, FunctionDefinition>

function own<V extends readonly Value[]>(
  type: StoredTypeName,
  nullable: boolean,
  call: (...values: V) => Value,
): FunctionDefinition {
  return { name: 'own', returns: { type, nullable }, call: call as never }
}

const callOwn = (name: keyof typeof OWN, ...args: fc.Arbitrary<ExpressionNode>[]) =>
  fc.tuple(...args).map((nodes): ExpressionNode => ({ kind: 'call', fn: 'user', args: nodes, definition: OWN[name] }))

type Group = 'number' | 'integer' | 'condition' | 'time' | 'words'

/** Well-typed random trees, by the group of their result. */
export const randomExpression = fc.letrec<Record<Group | 'any', ExpressionNode>>(tie => {
  const options = { maxDepth: 4, depthSize: 'small' as const, withCrossShrink: true }
  const number = tie('number')
  const integer = tie('integer')
  const condition = tie('condition')
  const when = tie('time')
  const words = tie('words')
  const generic = (group: fc.Arbitrary<ExpressionNode>) => [
    call(['coalesce'], group, group),
    call(['coalesce'], group, group, group),
    call(['if'], condition, group, group),
    call(['case'], condition, group, condition, group, group),
  ]
  const comparable = [number, integer, when] as const
  return {
    number: fc.oneof(
      options,
      column('x', 'y', 'g', 'i', 'u'),
      literal('f64', 'i32', 'u32', 'f32'),
      call(['add', 'sub', 'mul', 'div', 'idiv', 'mod', 'least', 'greatest'], number, number),
      call(['neg', 'abs', 'floor', 'ceil', 'round', 'sqrt'], number),
      call(['div'], integer, number),
      call(['sub'], when, when),
      call(['toF64', 'toF32', 'toI32', 'toU32'], fc.oneof(number, integer, condition, when)),
      call(['hour', 'minute', 'second', 'dayOfWeek'], when),
      call(['length'], words),
      callOwn('letters', words),
      callOwn('hash', words, number),
      callOwn('hash', words, literalOf('f64')),
      callOwn('mean', number, number),
      callOwn('single', number),
      ...generic(number),
    ),
    integer: fc.oneof(
      options,
      column('m', 'k'),
      literal('i64'),
      call(['add', 'sub', 'mul', 'idiv', 'mod', 'least', 'greatest'], integer, integer),
      call(['neg', 'abs'], integer),
      callOwn('nested', integer, condition),
      callOwn('picky', integer),
      call(['toI64'], fc.oneof(number, integer, condition, when)),
      ...generic(integer),
    ),
    condition: fc.oneof(
      options,
      column('p', 'q'),
      literal('bool'),
      ...comparable.map(group => call(['eq', 'ne', 'lt', 'le', 'gt', 'ge'], group, group)),
      ...comparable.map(group => call(['between'], group, group, group)),
      call(['eq', 'ne'], words, words),
      call(['eq', 'ne'], condition, condition),
      call(['in'], number, literalOf('f64'), literalOf('i32'), literalOf('f64')),
      call(['in'], integer, literalOf('i64'), literalOf('i64')),
      call(['in'], words, literalOf('utf8'), literalOf('utf8')),
      call(['startsWith', 'contains'], words, literalOf('utf8')),
      call(['and', 'or'], condition, condition),
      call(['and', 'or'], condition, condition, condition),
      call(['not'], condition),
      call(['isNull', 'isNotNull'], fc.oneof(number, integer, condition, when, words)),
      callOwn('isLong', words),
      callOwn('isFar', when),
      call(['toBool'], fc.oneof(number, integer, condition)),
      ...generic(condition),
    ),
    time: fc.oneof(
      options,
      column('s'),
      literal('timestamp'),
      call(['least', 'greatest'], when, when),
      callOwn('midnight', when),
      call(['toTimestamp'], fc.oneof(number, integer, when)),
      call(
        ['floorTo'],
        when,
        fc.constantFrom(1, 1000, 60_000, 86_400_000).map(ms => literalNode(ms, 'f64')),
        fc.constantFrom(0, -1, 500).map(ms => literalNode(ms, 'f64')),
      ),
      ...generic(when),
    ),
    words: fc.oneof(
      options,
      column('t1', 't2', 't3'),
      literal('utf8'),
      callOwn('mirrored', words),
      callOwn('worded', number, words),
      call(['toUtf8'], fc.oneof(number, integer, condition, words)),
      ...generic(words),
    ),
    any: fc.oneof(number, integer, condition, when, words),
  }
})
