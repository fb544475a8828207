import type { AggregateNode, ExpressionNode, FunctionName, LiteralNode, ResultNode } from '../../src/expression/node.ts'
import type { TypeName } from '../../src/schema/data-type.ts'
import type { Schema } from '../../src/schema/schema.ts'
import type { Tape } from './tape.ts'

/** The kinds of value expressions are generated for. */
export type Kind = 'number' | 'i64' | 'bool' | 'timestamp' | 'utf8'
export const KINDS: readonly Kind[] = ['number', 'i64', 'bool', 'timestamp', 'utf8']

const TYPES: Readonly<Record<Kind, readonly TypeName[]>> = {
  number: ['f64', 'f32', 'i32', 'u32'],
  i64: ['i64'],
  bool: ['bool'],
  timestamp: ['timestamp'],
  utf8: ['utf8'],
}

const LITERALS: Readonly<Record<Kind, readonly LiteralNode[]>> = {
  number: [0, 1, 2, -3, 0.5, 1e9, 'NaN', '-0', 'Infinity'].map(value => ({ kind: 'literal', type: 'f64', value })),
  i64: ['0', '1', '-7', '9223372036854775807', '-9223372036854775808'].map(value => ({
    kind: 'literal',
    type: 'i64',
    value,
  })),
  bool: [true, false].map(value => ({ kind: 'literal', type: 'bool', value })),
  timestamp: [0, 1_000, -1].map(value => ({ kind: 'literal', type: 'timestamp', value })),
  utf8: ['', 'a', 'b', 'ab'].map(value => ({ kind: 'literal', type: 'utf8', value })),
}

const call = (fn: FunctionName, ...args: ExpressionNode[]): ExpressionNode => ({ kind: 'call', fn, args })
const f64 = (value: number): LiteralNode => ({ kind: 'literal', type: 'f64', value })

/** A well-typed expression of a kind over the columns of `schema`. Early numbers on the tape give simple ones. */
export function expressionOf(kind: Kind, schema: Schema, tape: Tape, depth = 3): ExpressionNode {
  const of = (inner: Kind) => expressionOf(inner, schema, tape, depth - 1)
  const columns = schema.fields.filter(({ type }) => TYPES[kind].includes(type.name))
  if (depth <= 0 || tape.below(4) === 0) {
    if (columns.length > 0 && tape.below(3) < 2) return { kind: 'column', name: tape.pick(columns).name }
    const literal = tape.pick(LITERALS[kind])
    return tape.below(8) === 7 ? { ...literal, value: null } : literal
  }
  if (tape.below(5) === 4) {
    const shape = tape.below(3)
    if (shape === 0) return call('if', of('bool'), of(kind), of(kind))
    if (shape === 1) return call('coalesce', of(kind), of(kind))
    return call('case', of('bool'), of(kind), of('bool'), of(kind), of(kind))
  }
  switch (kind) {
    case 'number':
      return numberExpression(of, tape)
    case 'i64':
      if (tape.below(3) === 0) return tape.pick([() => call('toI64', of('number')), () => call('neg', of('i64'))])()
      return call(tape.pick(['add', 'sub', 'mul', 'idiv', 'mod', 'least', 'greatest']), of('i64'), of('i64'))
    case 'bool':
      return condition(of, tape)
    case 'timestamp':
      return tape.pick([
        () => call('floorTo', of('timestamp'), f64(1 + tape.below(5_000)), f64(tape.below(100))),
        () => call('greatest', of('timestamp'), of('timestamp')),
        () => call('toTimestamp', of('number')),
      ])()
    case 'utf8':
      return tape.pick([
        () => call('toUtf8', of('number')),
        () => call('toUtf8', of('bool')),
        () => call(tape.pick(['lower', 'upper']), of('utf8')),
        () => call('splitPart', of('utf8'), tape.pick(LITERALS.utf8.slice(1)), f64(tape.below(3))),
      ])()
  }
}

function numberExpression(of: (kind: Kind) => ExpressionNode, tape: Tape): ExpressionNode {
  return tape.pick([
    () => call(tape.pick(['add', 'sub', 'mul', 'div', 'idiv', 'mod', 'least', 'greatest']), of('number'), of('number')),
    () => call(tape.pick(['neg', 'abs', 'floor', 'ceil', 'round', 'sqrt']), of('number')),
    () => call(tape.pick(['toF64', 'toF32', 'toI32', 'toU32']), of(tape.pick(['number', 'i64', 'bool', 'timestamp']))),
    () => call(tape.pick(['hour', 'minute', 'second', 'dayOfWeek']), of('timestamp')),
    () => call('div', of('i64'), of('number')),
    () => call('sub', of('timestamp'), of('timestamp')),
    () => call('length', of('utf8')),
  ])()
}

function condition(of: (kind: Kind) => ExpressionNode, tape: Tape): ExpressionNode {
  const ordered = () => tape.pick<Kind>(['number', 'i64', 'timestamp'])
  return tape.pick([
    () => {
      const kind = ordered()
      return call(tape.pick(['lt', 'le', 'gt', 'ge']), of(kind), of(kind))
    },
    () => {
      const kind = tape.pick(KINDS)
      return call(tape.pick(['eq', 'ne']), of(kind), of(kind))
    },
    () => call(tape.pick(['and', 'or']), of('bool'), of('bool')),
    () => call('not', of('bool')),
    () => call(tape.pick(['isNull', 'isNotNull']), of(tape.pick(KINDS))),
    () => {
      const kind = ordered()
      return call('between', of(kind), of(kind), of(kind))
    },
    () => {
      const kind = tape.pick(KINDS)
      return call('in', of(kind), tape.pick(LITERALS[kind]), tape.pick(LITERALS[kind]))
    },
    () => call(tape.pick(['startsWith', 'contains']), of('utf8'), tape.pick(LITERALS.utf8)),
    () => call('toBool', of('number')),
  ])()
}

/** A well-typed result of a window over rows of `schema`. */
export function resultOf(schema: Schema, tape: Tape): ResultNode {
  const one = aggregateOf(schema, tape)
  if (tape.below(4) < 3) return one
  const other = aggregateOf(schema, tape)
  return {
    kind: 'call',
    fn: 'coalesce',
    args: [
      { kind: 'call', fn: 'isNull', args: [other] },
      { kind: 'call', fn: 'isNotNull', args: [one] },
    ],
  }
}

function aggregateOf(schema: Schema, tape: Tape): AggregateNode {
  const over = (fn: AggregateNode['fn'], kind: Kind): AggregateNode => ({
    kind: 'aggregate',
    fn,
    args: [expressionOf(kind, schema, tape, 2)],
  })
  const withArgument = (node: AggregateNode, arg: ExpressionNode): AggregateNode => ({
    ...node,
    args: [...node.args, arg],
  })
  return tape.pick<() => AggregateNode>([
    () => ({ kind: 'aggregate', fn: 'count', args: [] }),
    () =>
      over(tape.pick(['sum', 'avg', 'min', 'max', 'variance', 'varianceSample', 'stdDev', 'stdDevSample']), 'number'),
    () => over(tape.pick(['sum', 'avg', 'min', 'max']), 'i64'),
    () => over(tape.pick(['min', 'max']), 'timestamp'),
    () => over(tape.pick(['first', 'last', 'count']), tape.pick(KINDS)),
    () => over('countIf', 'bool'),
    () => over(tape.pick(['distinctCount', 'approxDistinct']), tape.pick(KINDS)),
    () => over(tape.pick(['boolAnd', 'boolOr']), 'bool'),
    () => withArgument(over('percentile', tape.pick<Kind>(['number', 'i64'])), f64(tape.pick([0, 0.25, 0.5, 0.9, 1]))),
    () =>
      withArgument(
        over(tape.pick(['argMin', 'argMax']), tape.pick(KINDS)),
        expressionOf(tape.pick<Kind>(['number', 'i64', 'timestamp']), schema, tape, 2),
      ),
    () => (tape.below(2) === 0 ? over('rate', 'number') : { kind: 'aggregate', fn: 'rate', args: [] }),
    () =>
      withArgument(
        over(tape.pick(['topK', 'bottomK']), tape.pick<Kind>(['number', 'i64', 'timestamp'])),
        f64(1 + tape.below(4)),
      ),
    () => withArgument(over(tape.pick(['collect', 'collectSet']), tape.pick(KINDS)), f64(1 + tape.below(6))),
  ])()
}
