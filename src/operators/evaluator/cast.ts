import type { TypeName } from '../../schema/data-type.ts'
import type { Step } from './step.ts'
import type { StepBuilder } from './step-builder.ts'

/** Types whose columns hold f64. */
const IS_F64: Readonly<Record<TypeName, boolean>> = {
  f64: true,
  timestamp: true,
  f32: false,
  i32: false,
  u32: false,
  i64: false,
  bool: false,
  utf8: false,
  object: false,
}

/** A number, boolean, timestamp or i64 as f64. A literal stays a literal. */
export function toF64(builder: StepBuilder, step: Step): Step {
  if (IS_F64[step.type]) return step
  if (step.constant !== undefined) return builder.literal('f64', step.constant === null ? null : Number(step.constant))
  return castPlain(builder, step, 'f64', `cast${suffixOf(step.type)}F64`)
}

/**
 * A step of one fixed-width type as another. Values outside the target's range become null; fractions are truncated,
 * for timestamps floored.
 */
export function cast(builder: StepBuilder, step: Step, type: TypeName): Step {
  if (step.type === type) return step
  if (step.constant === null) return builder.literal(type, null)
  switch (type) {
    case 'f64':
      return relabel(builder, toF64(builder, step), 'f64')
    case 'f32':
      return castPlain(builder, toF64(builder, step), 'f32', 'castF64F32')
    case 'i64':
      if (step.type === 'i32') return castPlain(builder, step, 'i64', 'castI32I64')
      if (step.type === 'u32') return castPlain(builder, step, 'i64', 'castU32I64')
      return castInRange(builder, toF64(builder, step), 'i64', 'castF64I64')
    case 'i32':
      return castInRange(builder, toF64(builder, step), 'i32', 'castF64I32')
    case 'u32':
      return castInRange(builder, toF64(builder, step), 'u32', 'castF64U32')
    case 'timestamp':
      return castInRange(builder, toF64(builder, step), 'timestamp', 'castF64Timestamp')
    case 'bool':
      return isNonZero(builder, toF64(builder, step))
    case 'utf8':
    case 'object':
      throw new TypeError('text is made by toUtf8, objects by aggregates')
  }
}

/** The same values under another type of the same representation. */
export function relabel(builder: StepBuilder, step: Step, type: TypeName): Step {
  if (step.type === type) return step
  return builder.shared(`relabel ${step.id} ${type}`, () => {
    const out = builder.step(type, [step], step.dictionary)
    out.constant = step.constant
    const vector = out.alias()
    out.compute = () => {
      const source = step.evaluate()
      vector.values = source.values
      vector.validity = source.validity
      return vector
    }
    return out
  })
}

type PlainCast =
  | 'castI32F64'
  | 'castU32F64'
  | 'castF32F64'
  | 'castBoolF64'
  | 'castI64F64'
  | 'castF64F32'
  | 'castI32I64'
  | 'castU32I64'

type RangeCast = 'castF64I32' | 'castF64U32' | 'castF64I64' | 'castF64Timestamp'

function suffixOf(type: TypeName): 'I32' | 'U32' | 'F32' | 'Bool' | 'I64' {
  switch (type) {
    case 'i32':
      return 'I32'
    case 'u32':
      return 'U32'
    case 'f32':
      return 'F32'
    case 'bool':
      return 'Bool'
    case 'i64':
      return 'I64'
    default:
      throw new TypeError(`${type} is no number`)
  }
}

function castPlain(builder: StepBuilder, step: Step, type: TypeName, kernelName: PlainCast): Step {
  return builder.shared(`${kernelName} ${step.id}`, () => {
    const out = builder.step(type, [step])
    const vector = out.scratch()
    const kernel = out.kernel(kernelName)
    out.compute = n => {
      const source = step.evaluate()
      kernel(source.values, n, vector.values)
      vector.validity = source.validity
      return vector
    }
    return out
  })
}

function castInRange(builder: StepBuilder, step: Step, type: TypeName, kernelName: RangeCast): Step {
  return builder.shared(`${kernelName} ${step.id}`, () => {
    const out = builder.step(type, [step])
    const vector = out.scratch()
    const bits = builder.frame.bitmap()
    const kernel = out.kernel(kernelName)
    out.compute = n => {
      const source = step.evaluate()
      kernel(source.values, n, vector.values, bits)
      vector.validity = out.bothValid(source.validity, bits, n, bits)
      return vector
    }
    return out
  })
}

/** Whether a number is other than zero; NaN, being no number, gives false as it does in JavaScript. */
function isNonZero(builder: StepBuilder, step: Step): Step {
  return builder.shared(`nonZero ${step.id}`, () => {
    const out = builder.step('bool', [step])
    const vector = out.scratch()
    const differs = out.kernel('neF64ColConst')
    const isNumber = out.kernel('eqF64ColCol')
    const both = out.kernel('andMask')
    const numbers = builder.frame.columnOf(1)
    out.compute = n => {
      const source = step.evaluate()
      differs(source.values, 0, n, vector.values)
      isNumber(source.values, source.values, n, numbers)
      both(vector.values, numbers, n, vector.values)
      vector.validity = source.validity
      return vector
    }
    return out
  })
}
