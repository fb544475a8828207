import type { KernelName } from '../../wasm/exports.ts'
import { cast, relabel, toF64 } from './cast.ts'
import { compileI64 } from './integer-arithmetic.ts'
import type { Step } from './step.ts'
import type { CallSite, StepBuilder } from './step-builder.ts'

type BinaryVerb = 'add' | 'sub' | 'mul' | 'div' | 'idiv' | 'mod' | 'least' | 'greatest'
type UnaryVerb = 'neg' | 'abs' | 'floor' | 'ceil' | 'round' | 'sqrt'

interface BinaryKernels {
  readonly colCol: Extract<KernelName, `${string}F64ColCol`>
  readonly colConst:
    | 'addF64ColConst'
    | 'subF64ColConst'
    | 'mulF64ColConst'
    | 'divF64ColConst'
    | 'modF64ColConst'
    | 'minF64ColConst'
    | 'maxF64ColConst'
  /** Missing where the operands may change places. */
  readonly constCol?: 'subF64ConstCol' | 'divF64ConstCol' | 'modF64ConstCol'
}

const BINARY: Readonly<Record<Exclude<BinaryVerb, 'idiv'>, BinaryKernels>> = {
  add: { colCol: 'addF64ColCol', colConst: 'addF64ColConst' },
  sub: { colCol: 'subF64ColCol', colConst: 'subF64ColConst', constCol: 'subF64ConstCol' },
  mul: { colCol: 'mulF64ColCol', colConst: 'mulF64ColConst' },
  div: { colCol: 'divF64ColCol', colConst: 'divF64ColConst', constCol: 'divF64ConstCol' },
  mod: { colCol: 'modF64ColCol', colConst: 'modF64ColConst', constCol: 'modF64ConstCol' },
  least: { colCol: 'minF64ColCol', colConst: 'minF64ColConst' },
  greatest: { colCol: 'maxF64ColCol', colConst: 'maxF64ColConst' },
}

const UNARY = {
  neg: 'negF64',
  abs: 'absF64',
  floor: 'floorF64',
  ceil: 'ceilF64',
  round: 'roundF64',
  sqrt: 'sqrtF64',
} as const

/** Two operands: checked i64 when both are, else f64. */
export function compileBinary(call: CallSite, verb: BinaryVerb): Step {
  const { builder, args } = call
  if (verb !== 'div' && args.every(arg => arg.type === 'i64')) return compileI64(call, verb)
  const left = toF64(builder, args[0]!)
  const right = toF64(builder, args[1]!)
  const result =
    verb === 'idiv' ? truncate(builder, binaryF64(builder, 'div', left, right)) : binaryF64(builder, verb, left, right)
  return ofType(call, result, verb === 'least' || verb === 'greatest')
}

/** One operand: checked i64 for `neg` and `abs` of an i64, else f64. */
export function compileUnary(call: CallSite, verb: UnaryVerb): Step {
  const { builder } = call
  const operand = call.args[0]!
  if (operand.type === 'i64' && (verb === 'neg' || verb === 'abs')) return compileI64(call, verb)
  return ofType(call, unaryF64(builder, UNARY[verb], toF64(builder, operand)), false)
}

/** The f64 result as the type the call has; an operand handed through needs no range check. */
function ofType(call: CallSite, step: Step, isOperand: boolean): Step {
  const { builder, type } = call
  const asF64 = relabel(builder, step, 'f64')
  return type === 'timestamp' && isOperand ? relabel(builder, asF64, 'timestamp') : cast(builder, asF64, type)
}

/** A call of one f64 kernel over one column. */
function unaryF64(builder: StepBuilder, kernelName: (typeof UNARY)[UnaryVerb], operand: Step): Step {
  return builder.shared(`${kernelName} ${operand.id}`, () => {
    const out = builder.step('f64', [operand])
    const vector = out.scratchOver(operand)
    const kernel = out.kernel(kernelName)
    out.compute = n => {
      const source = operand.evaluate()
      kernel(source.values, n, vector.values)
      vector.validity = source.validity
      return vector
    }
    return out
  })
}

/** A call of one kernel over a column and a number. */
export function withConstant(
  builder: StepBuilder,
  kernelName: BinaryKernels['colConst'] | 'floorDivF64ColConst' | 'floorModF64ColConst',
  column: Step,
  k: number,
): Step {
  const constant = Object.is(k, -0) ? '-0' : String(k)
  return builder.shared(`${kernelName} ${column.id} ${constant}`, () => {
    const out = builder.step('f64', [column])
    const vector = out.scratchOver(column)
    const kernel = out.kernel(kernelName)
    out.compute = n => {
      const source = column.evaluate()
      kernel(source.values, k, n, vector.values)
      vector.validity = source.validity
      return vector
    }
    if (kernelName === 'mulF64ColConst') out.product = { column, by: k }
    return out
  })
}

/**
 * A sum with a product as one kernel: the product is a column of its own only where somebody else reads it. undefined:
 * neither operand is a product with a number.
 */
function productAndSum(builder: StepBuilder, left: Step, right: Step): Step | undefined {
  const [{ product }, other] = left.product === undefined ? [right, left] : [left, right]
  if (product === undefined || other.constant !== undefined) return undefined
  const { column, by } = product
  return builder.shared(`mulAdd ${left.id} ${right.id}`, () => {
    const out = builder.step('f64', [column, other])
    const vector = out.scratchOver(column, other)
    const bits = builder.frame.bitmap()
    const kernel = out.kernel('mulAddF64ColConstCol')
    out.compute = n => {
      const a = column.evaluate()
      const b = other.evaluate()
      kernel(a.values, by, b.values, n, vector.values)
      vector.validity = out.bothValid(a.validity, b.validity, n, bits)
      return vector
    }
    return out
  })
}

/** Two f64 operands, with the cheapest kernel for their forms; a zero divisor gives null. */
function binaryF64(builder: StepBuilder, verb: Exclude<BinaryVerb, 'idiv'>, left: Step, right: Step): Step {
  const kernels = BINARY[verb]
  const divides = verb === 'div' || verb === 'mod'
  const byZero = divides && right.constant === 0
  if (typeof right.constant === 'number' && typeof left.constant !== 'number' && !byZero) {
    return withConstant(builder, kernels.colConst, left, right.constant)
  }
  const fused = verb === 'add' ? productAndSum(builder, left, right) : undefined
  if (fused !== undefined) return fused
  return builder.shared(`${kernels.colCol} ${left.id} ${right.id}`, () => {
    if (typeof left.constant === 'number' && !byZero) {
      if (kernels.constCol === undefined) return withConstant(builder, kernels.colConst, right, left.constant)
      return constantFirst(builder, kernels.constCol, left.constant, right, divides)
    }
    const out = builder.step('f64', [left, right])
    const vector = out.scratchOver(left, right)
    const bits = builder.frame.bitmap()
    const divisorBits = divides ? builder.frame.bitmap() : 0
    const kernel = out.kernel(kernels.colCol)
    const nonZero = divides ? out.kernel('nonZeroF64') : undefined
    out.compute = n => {
      const a = left.evaluate()
      const b = right.evaluate()
      // The divisor may be written over.
      nonZero?.(b.values, n, divisorBits)
      kernel(a.values, b.values, n, vector.values)
      vector.validity = out.bothValid(a.validity, b.validity, n, bits)
      if (divides) vector.validity = out.bothValid(vector.validity, divisorBits, n, divisorBits)
      return vector
    }
    return out
  })
}

function constantFirst(
  builder: StepBuilder,
  kernelName: NonNullable<BinaryKernels['constCol']>,
  k: number,
  column: Step,
  divides: boolean,
): Step {
  const out = builder.step('f64', [column])
  const vector = out.scratchOver(column)
  const kernel = out.kernel(kernelName)
  const nonZero = divides ? out.kernel('nonZeroF64') : undefined
  const bits = divides ? builder.frame.bitmap() : 0
  out.compute = n => {
    const source = column.evaluate()
    nonZero?.(source.values, n, bits)
    kernel(k, source.values, n, vector.values)
    vector.validity = divides ? out.bothValid(source.validity, bits, n, bits) : source.validity
    return vector
  }
  return out
}

/** Towards zero: the ceiling of what is negative, the floor of the rest. */
function truncate(builder: StepBuilder, operand: Step): Step {
  return builder.shared(`truncate ${operand.id}`, () => {
    const out = builder.step('f64', [operand])
    const vector = out.scratch()
    const ceiling = builder.frame.columnOf(8)
    const negative = builder.frame.columnOf(1)
    const isBelow = out.kernel('ltF64ColConst')
    const ceil = out.kernel('ceilF64')
    const floor = out.kernel('floorF64')
    const choose = out.kernel('choose8')
    out.compute = n => {
      const source = operand.evaluate()
      isBelow(source.values, 0, n, negative)
      ceil(source.values, n, ceiling)
      floor(source.values, n, vector.values)
      choose(negative, ceiling, vector.values, n, vector.values)
      vector.validity = source.validity
      return vector
    }
    return out
  })
}
