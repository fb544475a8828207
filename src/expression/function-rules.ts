import { expressionInvalid, show } from '../errors.ts'
import { type DataType, type TypeName, typeOf } from '../schema/data-type.ts'
import { type FunctionDefinition, functionType, MAX_FUNCTION_VALUES } from './function-definition.ts'
import { isNonZeroLiteral, literalValue } from './literal.ts'
import type { ExpressionNode, FunctionName, ResultNode } from './node.ts'

/** What a function takes, at least and at most, and what comes of it. */
type FunctionRule = readonly [least: number, most: number, infer: Infer]
type Infer = (call: Call) => DataType

/** A call as its rule sees it, whatever its arguments are over. */
interface CallOf<Node> {
  readonly fn: FunctionName
  readonly args: readonly Node[]
  readonly definition?: FunctionDefinition | undefined
}

interface Call extends CallOf<ExpressionNode | ResultNode> {
  readonly types: readonly DataType[]
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

/** A call of some of its arguments alone. */
const only = (call: Call, isOne: (index: number) => boolean): Call => ({
  ...call,
  args: call.args.filter((_, index) => isOne(index)),
  types: call.types.filter((_, index) => isOne(index)),
})

/** The one type several values take: itself where they agree, f64 among numbers. */
function unify(call: Call, isNullable: boolean): DataType {
  const { types } = sameGroup(call, ANY)
  const name = types[0]!.name
  return typeOf(types.every(type => type.name === name) ? name : 'f64', isNullable)
}

function branches(call: Call, isCondition: (index: number) => boolean): DataType {
  each(only(call, isCondition), ['bool'])
  const values = only(call, index => !isCondition(index))
  return unify(values, anyNull(values.types))
}

const rounding: Infer = call => number(each(call, ['number']))
const equality: Infer = call => truth(sameGroup(call, ANY))
const order: Infer = call => truth(sameGroup(call, ORDERED))
const logic: Infer = call => truth(each(call, ['bool']))
const timePart: Infer = call => number(each(call, ['timestamp']))
const recased: Infer = call => number(each(call, ['utf8']), 'utf8')
const extreme: Infer = call => {
  const type = sameGroup(call, ORDERED).types[0]!
  return number(call, groupOf(type) === 'number' ? 'f64' : type.name)
}

/** Whether a text has something, which is given as a value. */
function textTest(call: Call, what: string): DataType {
  each(call, ['utf8'])
  const wanted = call.args[1]!
  if (wanted.kind !== 'literal' || literalValue(wanted) === null)
    throw expressionInvalid(`${call.fn} takes ${what} as a text value`, { value: wanted })
  return bool
}

/** `always` lists the types whose every value the target can hold; from the others a cast may give null. */
function cast(call: Call, target: TypeName, always: readonly TypeName[], from = CASTABLE): DataType {
  return typeOf(target, anyNull(each(call, from).types) || !always.includes(call.types[0]!.name))
}
const BUT_TEXT: readonly TypeName[] = ['f64', 'f32', 'i32', 'u32', 'i64', 'bool', 'timestamp']
const ALL_TYPES: readonly TypeName[] = ['f64', 'f32', 'i32', 'u32', 'i64', 'bool', 'timestamp', 'utf8']

/** Without a call in it, so that it leaves the bundles of those who use no expressions. */
const RULES: Readonly<Record<FunctionName, FunctionRule>> = {
  add: [2, 2, arithmetic],
  sub: [2, 2, call => (call.types.every(type => type.name === 'timestamp') ? number(call) : arithmetic(call))],
  mul: [2, 2, arithmetic],
  div: [
    2,
    2,
    call => {
      each(call, ['number', 'i64'])
      return typeOf('f64', anyNull(call.types) || !isNonZeroLiteral(call.args[1]!))
    },
  ],
  idiv: [2, 2, quotient],
  mod: [2, 2, quotient],
  neg: [1, 1, arithmetic],
  abs: [1, 1, arithmetic],
  floor: [1, 1, rounding],
  ceil: [1, 1, rounding],
  round: [1, 1, rounding],
  sqrt: [1, 1, rounding],
  least: [2, 2, extreme],
  greatest: [2, 2, extreme],
  eq: [2, 2, equality],
  ne: [2, 2, equality],
  lt: [2, 2, order],
  le: [2, 2, order],
  gt: [2, 2, order],
  ge: [2, 2, order],
  between: [3, 3, call => truth(sameGroup(call, ORDERED))],
  in: [
    2,
    MANY,
    call => {
      sameGroup(call, ANY)
      for (const arg of call.args.slice(1))
        if (arg.kind !== 'literal' || arg.value === null)
          throw expressionInvalid('in compares with a list of values that are not null', { value: arg })
      return bool
    },
  ],
  startsWith: [2, 2, call => textTest(call, 'the prefix')],
  contains: [2, 2, call => textTest(call, 'the part')],
  splitPart: [
    3,
    3,
    call => {
      if (groupOf(call.types[0]!) !== 'utf8')
        throw mismatch(
          only(call, index => index === 0),
          ['utf8'],
        )
      const [separator, index] = call.args.slice(1).map(arg => (arg.kind === 'literal' ? literalValue(arg) : null))
      if (typeof separator !== 'string' || separator === '')
        throw expressionInvalid('splitPart takes the separator as a text value that is not empty', { value: separator })
      if (typeof index !== 'number' || !Number.isSafeInteger(index) || index < 0)
        throw expressionInvalid('splitPart takes the position as an integer value from 0 on', { value: index })
      return typeOf('utf8', true)
    },
  ],
  lower: [1, 1, recased],
  upper: [1, 1, recased],
  length: [1, 1, call => number(each(call, ['utf8']))],
  and: [1, MANY, logic],
  or: [1, MANY, logic],
  not: [1, 1, call => number(each(call, ['bool']), 'bool')],
  isNull: [1, 1, () => bool],
  isNotNull: [1, 1, () => bool],
  coalesce: [
    2,
    MANY,
    call =>
      unify(
        call,
        call.types.every(type => type.isNullable),
      ),
  ],
  if: [3, 3, call => branches(call, index => index === 0)],
  case: [
    3,
    MANY,
    call => {
      const last = call.types.length - 1
      if (last % 2 !== 0) throw expressionInvalid('case takes pairs of condition and value, and the value otherwise')
      return branches(call, index => index % 2 === 0 && index !== last)
    },
  ],
  toF64: [1, 1, call => cast(call, 'f64', BUT_TEXT, ANY)],
  toF32: [1, 1, call => cast(call, 'f32', ALL_TYPES)],
  toI32: [1, 1, call => cast(call, 'i32', ['i32', 'bool'])],
  toU32: [1, 1, call => cast(call, 'u32', ['u32', 'bool'])],
  toI64: [1, 1, call => cast(call, 'i64', ['i32', 'u32', 'i64', 'bool', 'timestamp'])],
  toBool: [1, 1, call => cast(call, 'bool', ALL_TYPES, ['number', 'i64', 'bool'])],
  toTimestamp: [1, 1, call => cast(call, 'timestamp', ['i32', 'u32', 'timestamp'], ['number', 'i64', 'timestamp'])],
  toUtf8: [1, 1, call => cast(call, 'utf8', ALL_TYPES, ['number', 'i64', 'bool', 'utf8'])],
  floorTo: [
    3,
    3,
    call => {
      if (groupOf(call.types[0]!) !== 'timestamp')
        throw mismatch(
          only(call, index => index === 0),
          ['timestamp'],
        )
      const [size, offset] = call.args.slice(1).map(arg => (arg.kind === 'literal' ? literalValue(arg) : null))
      if (typeof size !== 'number' || typeof offset !== 'number' || !Number.isSafeInteger(size) || size <= 0)
        throw expressionInvalid('floorTo takes a size of more than 0 ms and an offset, both given as values')
      if (!Number.isSafeInteger(offset)) throw expressionInvalid(`floorTo takes whole milliseconds, not ${offset}`)
      return number(call, 'timestamp')
    },
  ],
  hour: [1, 1, timePart],
  minute: [1, 1, timePart],
  second: [1, 1, timePart],
  dayOfWeek: [1, 1, timePart],
  user: [1, MAX_FUNCTION_VALUES, call => functionType(call.definition!, each(call, ANY).types)],
}

/** Whether `name` is a scalar function. */
export const isFunctionName = (name: unknown): name is FunctionName =>
  typeof name === 'string' && Object.hasOwn(RULES, name)

/**
 * The type a call has, given those of its arguments.
 *
 * @throws EventfluxError `EXPRESSION_INVALID` when the function doesn't take them. O(arguments).
 */
export function inferCall(call: CallOf<ExpressionNode | ResultNode>, types: readonly DataType[]): DataType {
  const { fn, args, definition } = call
  const [least, most, infer] = RULES[fn]
  if (types.length < least || types.length > most)
    throw expressionInvalid(
      `${fn} takes ${least === most ? least : types.length < least ? `at least ${least}` : `at most ${most}`} arguments, not ${types.length}`,
      { value: fn },
    )
  return infer({ fn, types, args, definition })
}

const WORDS: Readonly<Record<TypeGroup, string>> = {
  number: 'numbers',
  i64: 'i64',
  bool: 'bool',
  timestamp: 'timestamps',
  utf8: 'text',
  object: 'objects',
}

/** Functions that are written under another name than the one they have in plans. */
const WRITTEN: Readonly<Partial<Record<FunctionName, string>>> = { if: 'ifElse', case: 'when' }

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
  else if (met.has('timestamp') && met.has('utf8')) hint = '; write a time as milliseconds: Date.parse(text)'
  const wanted = groups.length === ANY.length ? 'values of one type' : groups.map(group => WORDS[group]).join(' or ')
  return expressionInvalid(`${WRITTEN[fn] ?? fn} takes ${wanted}, not ${given.join(' with ')}${hint}`, {
    value: show(given.join(', ')),
  })
}
