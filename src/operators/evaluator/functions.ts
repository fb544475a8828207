import type { FunctionName } from '../../expression/node.ts'
import type { TypeName } from '../../schema/data-type.ts'
import { compileBinary, compileUnary } from './arithmetic.ts'
import { cast } from './cast.ts'
import { compileBetween, compileComparison } from './compare.ts'
import { compileCase, compileCoalesce } from './conditional.ts'
import { compileConnective, compileNot, compileNullTest } from './logic.ts'
import { compileIn } from './membership.ts'
import type { Step } from './step.ts'
import type { CallSite } from './step-builder.ts'
import { compileTextTest } from './text.ts'
import { compileToUtf8, numberOfText } from './text-cast.ts'
import { compileLength, compileRecased, compileSplitPart } from './text-functions.ts'
import { compileFloorTo, compileTimePart } from './time-part.ts'
import { compileUserFunction } from './user-function.ts'

type Maker = (call: CallSite) => Step

function castTo({ builder, args }: CallSite, type: TypeName): Step {
  return cast(builder, args[0]!.type === 'utf8' ? numberOfText(builder, args[0]!) : args[0]!, type)
}

/** How each function becomes steps. Argument types have been checked by then. */
export const FUNCTIONS: Readonly<Record<FunctionName, Maker>> = {
  add: call => compileBinary(call, 'add'),
  sub: call => compileBinary(call, 'sub'),
  mul: call => compileBinary(call, 'mul'),
  div: call => compileBinary(call, 'div'),
  idiv: call => compileBinary(call, 'idiv'),
  mod: call => compileBinary(call, 'mod'),
  least: call => compileBinary(call, 'least'),
  greatest: call => compileBinary(call, 'greatest'),
  neg: call => compileUnary(call, 'neg'),
  abs: call => compileUnary(call, 'abs'),
  floor: call => compileUnary(call, 'floor'),
  ceil: call => compileUnary(call, 'ceil'),
  round: call => compileUnary(call, 'round'),
  sqrt: call => compileUnary(call, 'sqrt'),
  eq: call => compileComparison(call, 'eq'),
  ne: call => compileComparison(call, 'ne'),
  lt: call => compileComparison(call, 'lt'),
  le: call => compileComparison(call, 'le'),
  gt: call => compileComparison(call, 'gt'),
  ge: call => compileComparison(call, 'ge'),
  between: compileBetween,
  in: compileIn,
  startsWith: call => compileTextTest(call, (text, prefix) => text.startsWith(prefix)),
  contains: call => compileTextTest(call, (text, part) => text.includes(part)),
  splitPart: compileSplitPart,
  lower: call => compileRecased(call, text => text.toLowerCase()),
  upper: call => compileRecased(call, text => text.toUpperCase()),
  length: compileLength,
  and: call => compileConnective(call, 'and'),
  or: call => compileConnective(call, 'or'),
  not: compileNot,
  isNull: call => compileNullTest(call, true),
  isNotNull: call => compileNullTest(call, false),
  coalesce: compileCoalesce,
  if: compileCase,
  case: compileCase,
  toF64: call => castTo(call, 'f64'),
  toF32: call => castTo(call, 'f32'),
  toI32: call => castTo(call, 'i32'),
  toU32: call => castTo(call, 'u32'),
  toI64: call => castTo(call, 'i64'),
  toBool: call => castTo(call, 'bool'),
  toTimestamp: call => castTo(call, 'timestamp'),
  toUtf8: compileToUtf8,
  floorTo: compileFloorTo,
  hour: call => compileTimePart(call, 'hour'),
  minute: call => compileTimePart(call, 'minute'),
  second: call => compileTimePart(call, 'second'),
  dayOfWeek: call => compileTimePart(call, 'dayOfWeek'),
  user: compileUserFunction,
}
