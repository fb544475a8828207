import type { KernelName } from '../../wasm/exports.ts'
import { toF64 } from './cast.ts'
import type { Step } from './step.ts'
import type { CallSite, StepBuilder } from './step-builder.ts'
import { compareText } from './text.ts'

type Comparison = 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'

/** The comparison that gives the same answer with its operands exchanged. */
const SWAPPED: Readonly<Record<Comparison, Comparison>> = {
  eq: 'eq',
  ne: 'ne',
  lt: 'gt',
  le: 'ge',
  gt: 'lt',
  ge: 'le',
}

const F64 = { eq: 'eqF64ColCol', ne: 'neF64ColCol', lt: 'ltF64ColCol', le: 'leF64ColCol' } as const
const I64 = { eq: 'eqI64ColCol', ne: 'neI64ColCol', lt: 'ltI64ColCol', le: 'leI64ColCol' } as const
const F64_CONST = {
  eq: 'eqF64ColConst',
  ne: 'neF64ColConst',
  lt: 'ltF64ColConst',
  le: 'leF64ColConst',
  gt: 'gtF64ColConst',
  ge: 'geF64ColConst',
} as const

/** A comparison: false where an operand is null, except `ne`, which is true there. Its result is never null. */
export function compileComparison(call: CallSite, verb: Comparison): Step {
  const { builder, args } = call
  return compare(builder, verb, args[0]!, args[1]!)
}

/** Both ends inclusive. */
export function compileBetween(call: CallSite): Step {
  const { builder, args } = call
  const [value, low, high] = args as readonly [Step, Step, Step]
  const above = compare(builder, 'ge', value, low)
  const below = compare(builder, 'le', value, high)
  const out = builder.step('bool', [above, below])
  const vector = out.scratch()
  const both = out.kernel('andMask')
  out.compute = n => {
    both(above.evaluate().values, below.evaluate().values, n, vector.values)
    return vector
  }
  return out
}

function compare(builder: StepBuilder, verb: Comparison, left: Step, right: Step): Step {
  if (left.type === 'utf8') return compareText(builder, verb, left, right)
  if (left.type === 'i64' && right.type === 'i64') return columns(builder, I64, verb, left, right)
  const a = toF64(builder, left)
  const b = toF64(builder, right)
  if (typeof b.constant === 'number') return withConstant(builder, verb, a, b.constant)
  if (typeof a.constant === 'number') return withConstant(builder, SWAPPED[verb], b, a.constant)
  return columns(builder, F64, verb, a, b)
}

function withConstant(builder: StepBuilder, verb: Comparison, column: Step, k: number): Step {
  return builder.shared(`${F64_CONST[verb]} ${column.id} ${k}`, () => {
    const out = builder.step('bool', [column])
    const vector = out.scratch()
    const kernel = out.kernel(F64_CONST[verb])
    out.compute = n => {
      const source = column.evaluate()
      kernel(source.values, k, n, vector.values)
      settleNulls(builder, verb, vector.values, source.validity, n)
      return vector
    }
    return out
  })
}

function columns(
  builder: StepBuilder,
  kernels: Readonly<Record<'eq' | 'ne' | 'lt' | 'le', Extract<KernelName, `${string}64ColCol`>>> &
    (typeof F64 | typeof I64),
  verb: Comparison,
  left: Step,
  right: Step,
): Step {
  if (verb === 'gt' || verb === 'ge') return columns(builder, kernels, verb === 'gt' ? 'lt' : 'le', right, left)
  return builder.shared(`${kernels[verb]} ${left.id} ${right.id}`, () => {
    const out = builder.step('bool', [left, right])
    const vector = out.scratch()
    const bits = builder.frame.bitmap()
    const kernel = out.kernel(kernels[verb])
    out.compute = n => {
      const a = left.evaluate()
      const b = right.evaluate()
      kernel(a.values, b.values, n, vector.values)
      settleNulls(builder, verb, vector.values, out.bothValid(a.validity, b.validity, n, bits), n)
      return vector
    }
    return out
  })
}

/** Writes what a comparison answers where an operand is null. */
export function settleNulls(builder: StepBuilder, verb: Comparison, mask: number, validity: number, n: number): void {
  if (validity === 0) return
  if (verb === 'ne') builder.frame.kernels.orMaskNotBits(mask, validity, n, mask)
  else builder.frame.kernels.andMaskBits(mask, validity, n, mask)
}
