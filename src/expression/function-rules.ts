import { expressionInvalid, show } from '../errors.ts'
import { type DataType, type TypeName, typeOf } from '../schema/data-type.ts'
import { isNonZeroLiteral, literalValue } from './literal.ts'
import type { ExpressionNode, FunctionName, ResultNode } from './node.ts'

/** What a function takes and what comes of it. */
interface FunctionRule {
  readonly least: number
  readonly most: number
  readonly infer: (call: Call) => DataType
}

interface Call {
  readonly fn: FunctionName
  readonly types: readonly DataType[]
  readonly args: readonly (ExpressionNode | ResultNode)[]
}

/** Types that mix freely: numbers are computed in f64. */
export type TypeGroup = 'number' | 'i64' | 'bool' | 'timestamp' | 'utf8' | 'object'

const GROUP: Readonly<Record<TypeName, TypeGroup>> = {
  f64: 'number',
  f32: 'number',
  i32: 'number',
  u32: 'number',
  i64: 'i64',
  bool: 'bool',
  timestamp: 'timestamp',
  utf8: 'utf8',
  object: 'object',
}

/** The group of a type. */
export const groupOf = (type: { readonly name: TypeName }): TypeGroup => GROUP[type.name]

const ORDERED: readonly TypeGroup[] = ['number', 'i64', 'timestamp']
const ANY: readonly TypeGroup[] = ['number', 'i64', 'bool', 'timestamp', 'utf8']
const CASTABLE: readonly TypeGroup[] = ['number', 'i64', 'bool', 'timestamp']
const MANY = 10_000
const anyNull = (types: readonly DataType[]) => types.some(type => type.isNullable)

const number = ({ types }: Call, name: TypeName = 'f64') => typeOf(name, anyNull(types))
const bool = typeOf('bool', false)
const truth = (_: Call) => bool

/** Both numbers (f64) or both i64. */
function arithmetic(call: Call): DataType {
  sameGroup(call, ['number', 'i64'])
  return number(call, groupOf(call.types[0]!) === 'i64' ? 'i64' : 'f64')
}

/** The same, null for a zero divisor. */
function quotient(call: Call): DataType {
  const type = arithmetic(call)
  return typeOf(type.name, type.isNullable || !isNonZeroLiteral(call.args[1]!))
}

/** Checks that every argument is of one of `groups`. */
function each(call: Call, groups: readonly TypeGroup[]): Call {
  for (const type of call.types) if (!groups.includes(groupOf(type))) throw mismatch(call, groups)
  return call
}

/** All of one group out of `groups`. */
function sameGroup(call: Call, groups: readonly TypeGroup[]): Call {
  each(call, groups)
  if (call.types.some(type => groupOf(type) !== groupOf(call.types[0]!))) throw mismatch(call, groups)
  return call
}

/** The one type several values take: itself where they agree, f64 among numbers. */
function unify(call: Call, types: readonly DataType[], isNullable: boolean): DataType {
  sameGroup({ ...call, types }, ANY)
  const name = types[0]!.name
  return typeOf(types.every(type => type.name === name) ? name : 'f64', isNullable)
}

function branches(call: Call, values: readonly DataType[], conditions: readonly DataType[]): DataType {
  each({ ...call, types: conditions }, ['bool'])
  return unify(call, values, anyNull(values))
}

const rule = (least: number, most: number, infer: FunctionRule['infer']): FunctionRule => ({ least, most, infer })
const binary = (infer: FunctionRule['infer']) => rule(2, 2, infer)
const unary = (infer: FunctionRule['infer']) => rule(1, 1, infer)
const rounding = unary(call => number(each(call, ['number'])))
const equality = binary(call => truth(sameGroup(call, ANY)))
const order = binary(call => truth(sameGroup(call, ORDERED)))
const logic = rule(1, MANY, call => truth(each(call, ['bool'])))
const signed = unary(arithmetic)
const extreme = binary(call => {
  const type = sameGroup(call, ORDERED).types[0]!
  return number(call, groupOf(type) === 'number' ? 'f64' : type.name)
})
const timePart = unary(call => number(each(call, ['timestamp'])))

const recased = unary(call => number(each(call, ['utf8']), 'utf8'))

/** Whether a text has something, which is given as a value. */
function textTest(call: Call, what: string): DataType {
  each(call, ['utf8'])
  const wanted = call.args[1]!
  if (wanted.kind !== 'literal' || literalValue(wanted) === null)
    throw expressionInvalid(`${call.fn} takes ${what} as a text value`, { value: wanted })
  return bool
}

/** `always` lists the types whose every value the target can hold; from the others a cast may give null. */
const cast = (target: TypeName, always: readonly TypeName[], from: readonly TypeGroup[] = CASTABLE) =>
  unary(call => typeOf(target, anyNull(each(call, from).types) || !always.includes(call.types[0]!.name)))
const ALL_TYPES = Object.keys(GROUP) as TypeName[]

const RULES: Readonly<Record<FunctionName, FunctionRule>> = {
  add: binary(arithmetic),
  sub: binary(call => (call.types.every(type => type.name === 'timestamp') ? number(call) : arithmetic(call))),
  mul: binary(arithmetic),
  div: binary(call => {
    each(call, ['number', 'i64'])
    return typeOf('f64', anyNull(call.types) || !isNonZeroLiteral(call.args[1]!))
  }),
  idiv: binary(quotient),
  mod: binary(quotient),
  neg: signed,
  abs: signed,
  floor: rounding,
  ceil: rounding,
  round: rounding,
  sqrt: rounding,
  least: extreme,
  greatest: extreme,
  eq: equality,
  ne: equality,
  lt: order,
  le: order,
  gt: order,
  ge: order,
  between: rule(3, 3, call => truth(sameGroup(call, ORDERED))),
  in: rule(2, MANY, call => {
    sameGroup(call, ANY)
    for (const arg of call.args.slice(1))
      if (arg.kind !== 'literal' || arg.value === null)
        throw expressionInvalid('in compares with a list of values that are not null', { value: arg })
    return bool
  }),
  startsWith: binary(call => textTest(call, 'the prefix')),
  contains: binary(call => textTest(call, 'the part')),
  splitPart: rule(3, 3, call => {
    if (groupOf(call.types[0]!) !== 'utf8') throw mismatch({ ...call, types: call.types.slice(0, 1) }, ['utf8'])
    const [separator, index] = call.args.slice(1).map(arg => (arg.kind === 'literal' ? literalValue(arg) : null))
    if (typeof separator !== 'string' || separator === '')
      throw expressionInvalid('splitPart takes the separator as a text value that is not empty', { value: separator })
    if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0)
      throw expressionInvalid('splitPart takes the position as an integer value from 0 on', { value: index })
    return typeOf('utf8', true)
  }),
  lower: recased,
  upper: recased,
  length: unary(call => number(each(call, ['utf8']))),
  and: logic,
  or: logic,
  not: unary(call => number(each(call, ['bool']), 'bool')),
  isNull: unary(() => bool),
  isNotNull: unary(() => bool),
  coalesce: rule(2, MANY, call =>
    unify(
      call,
      call.types,
      call.types.every(type => type.isNullable),
    ),
  ),
  if: rule(3, 3, call => branches(call, call.types.slice(1), call.types.slice(0, 1))),
  case: rule(3, MANY, call => {
    const last = call.types.length - 1
    if (last % 2 !== 0) throw expressionInvalid('case takes pairs of condition and value, and the value otherwise')
    return branches(
      call,
      call.types.filter((_, i) => i % 2 === 1 || i === last),
      call.types.filter((_, i) => i % 2 === 0 && i !== last),
    )
  }),
  toF64: cast(
    'f64',
    ALL_TYPES.filter(name => name !== 'utf8'),
    ANY,
  ),
  toF32: cast('f32', ALL_TYPES),
  toI32: cast('i32', ['i32', 'bool']),
  toU32: cast('u32', ['u32', 'bool']),
  toI64: cast('i64', ['i32', 'u32', 'i64', 'bool', 'timestamp']),
  toBool: cast('bool', ALL_TYPES, ['number', 'i64', 'bool']),
  toTimestamp: cast('timestamp', ['i32', 'u32', 'timestamp'], ['number', 'i64', 'timestamp']),
  toUtf8: cast('utf8', ALL_TYPES, ['number', 'i64', 'bool', 'utf8']),
  floorTo: rule(3, 3, call => {
    if (groupOf(call.types[0]!) !== 'timestamp')
      throw mismatch({ ...call, types: call.types.slice(0, 1) }, ['timestamp'])
    const [size, offset] = call.args.slice(1).map(arg => (arg.kind === 'literal' ? literalValue(arg) : null))
    if (typeof size !== 'number' || typeof offset !== 'number' || !Number.isSafeInteger(size) || size <= 0)
      throw expressionInvalid('floorTo takes a size of more than 0 ms and an offset, both given as values')
    if (!Number.isSafeInteger(offset)) throw expressionInvalid(`floorTo takes whole milliseconds, not ${offset}`)
    return number(call, 'timestamp')
  }),
  hour: timePart,
  minute: timePart,
  second: timePart,
  dayOfWeek: timePart,
}

/** Whether `name` is a scalar function. */
export const isFunctionName = (name: unknown): name is FunctionName =>
  typeof name === 'string' && Object.hasOwn(RULES, name)

/**
 * The type a call has, given those of its arguments.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` when the function doesn't take them. O(arguments).
 */
export function inferCall(
  fn: FunctionName,
  types: readonly DataType[],
  args: readonly (ExpressionNode | ResultNode)[],
): DataType {
  const { least, most, infer } = RULES[fn]
  if (types.length < least || types.length > most)
    throw expressionInvalid(
      `${fn} takes ${least === most ? least : types.length < least ? `at least ${least}` : `at most ${most}`} arguments, not ${types.length}`,
      { value: fn },
    )
  return infer({ fn, types, args })
}

const WORDS: Readonly<Record<TypeGroup, string>> = {
  number: 'numbers',
  i64: 'i64',
  bool: 'bool',
  timestamp: 'timestamps',
  utf8: 'text',
  object: 'objects',
}

function mismatch({ fn, types, args }: Call, groups: readonly TypeGroup[]) {
  const given = types.map(({ name }, i) => {
    const arg = args[i]
    return arg?.kind === 'column' ? `${name} (${arg.name})` : name
  })
  const met = new Set(types.map(groupOf))
  let hint = ''
  if (met.has('i64') && met.has('number'))
    hint = '; cast one side with .toF64() or .toI64(), and write i64 values as bigint (5n)'
  else if (met.has('timestamp') && met.has('number')) hint = '; cast one side with .toF64() or .toTimestamp()'
  const wanted = groups.length === ANY.length ? 'values of one type' : groups.map(group => WORDS[group]).join(' or ')
  return expressionInvalid(`${fn} takes ${wanted}, not ${given.join(' with ')}${hint}`, {
    value: show(given.join(', ')),
  })
}
