import { overflow } from '../../errors.ts'
import { wantedRows } from './guard.ts'
import type { Step } from './step.ts'
import type { CallSite, StepBuilder } from './step-builder.ts'

type I64Verb = 'add' | 'sub' | 'mul' | 'idiv' | 'mod' | 'least' | 'greatest' | 'neg' | 'abs'

const CHECKED = { add: 'addI64ColCol', sub: 'subI64ColCol', mul: 'mulI64ColCol', idiv: 'divI64ColCol' } as const
const UNCHECKED = { mod: 'modI64ColCol', least: 'minI64ColCol', greatest: 'maxI64ColCol' } as const

/** Arithmetic over i64: a result outside the type is a fault when the row is alive and the result is wanted. */
export function compileI64(call: CallSite, verb: I64Verb): Step {
  const { builder, args } = call
  switch (verb) {
    case 'neg':
      return checked(call, 'sub', builder.literal('i64', 0n), args[0]!)
    case 'abs':
      return unchecked(builder, 'greatest', args[0]!, checked(call, 'sub', builder.literal('i64', 0n), args[0]!))
    case 'mod':
    case 'least':
    case 'greatest':
      return unchecked(builder, verb, args[0]!, args[1]!)
    default:
      return checked(call, verb, args[0]!, args[1]!)
  }
}

function checked(call: CallSite, verb: keyof typeof CHECKED, left: Step, right: Step): Step {
  const { builder, guard } = call
  const kernelName = CHECKED[verb]
  return builder.shared(`${kernelName} ${left.id} ${right.id} ${guard?.id}`, () => {
    const out = builder.step('i64', [left, right])
    const vector = out.scratch()
    const bits = builder.frame.bitmap()
    const wanted = builder.frame.bitmap()
    const kernel = out.kernel(kernelName)
    const nonZero = nonZeroBits(builder, out, right, verb === 'idiv')
    out.compute = n => {
      const a = left.evaluate()
      const b = right.evaluate()
      vector.validity = out.bothValid(a.validity, b.validity, n, bits)
      if (nonZero !== undefined) vector.validity = nonZero(b.values, vector.validity, n)
      const row = kernel(a.values, b.values, n, vector.validity, vector.values)
      if (row >= 0) {
        // Some row overflowed; most likely one nobody will read. Only those that are wanted count.
        wantedRows(builder.frame, guard, vector.validity, wanted)
        for (;;) {
          const wantedRow = kernel(a.values, b.values, n, wanted, vector.values)
          if (wantedRow < 0) break
          builder.frame.fault(wantedRow, leftRange(call, builder, left, right, wantedRow))
          builder.frame.memory.u8[wanted + (wantedRow >>> 3)]! &= ~(1 << (wantedRow & 7))
        }
      }
      return vector
    }
    return out
  })
}

function unchecked(builder: StepBuilder, verb: keyof typeof UNCHECKED, left: Step, right: Step): Step {
  const kernelName = UNCHECKED[verb]
  return builder.shared(`${kernelName} ${left.id} ${right.id}`, () => {
    const out = builder.step('i64', [left, right])
    const vector = out.scratch()
    const bits = builder.frame.bitmap()
    const kernel = out.kernel(kernelName)
    const nonZero = nonZeroBits(builder, out, right, verb === 'mod')
    out.compute = n => {
      const a = left.evaluate()
      const b = right.evaluate()
      kernel(a.values, b.values, n, vector.values)
      vector.validity = out.bothValid(a.validity, b.validity, n, bits)
      if (nonZero !== undefined) vector.validity = nonZero(b.values, vector.validity, n)
      return vector
    }
    return out
  })
}

/** For a divisor that may be zero: adds the rows where it is to the nulls. */
function nonZeroBits(
  builder: StepBuilder,
  out: Step,
  divisor: Step,
  divides: boolean,
): ((divisors: number, validity: number, n: number) => number) | undefined {
  if (!divides || (typeof divisor.constant === 'bigint' && divisor.constant !== 0n)) return undefined
  const bits = builder.frame.bitmap()
  const kernel = out.kernel('nonZeroI64')
  return (divisors, validity, n) => {
    kernel(divisors, n, bits)
    return out.bothValid(validity, bits, n, bits)
  }
}

function leftRange(call: CallSite, builder: StepBuilder, left: Step, right: Step, row: number): Error {
  const { memory } = builder.frame
  const a = memory.i64[(left.evaluate().values >>> 3) + row]!
  const b = memory.i64[(right.evaluate().values >>> 3) + row]!
  const expression = call.describe()
  // Where a row stands in its batch is nothing its sender knows: what it is told by are its values.
  return overflow(
    `${expression} leaves the range of i64 for an event with the operands ${a} and ${b}: cast to f64 first, or filter such events out`,
    { at: expression, value: [a, b] },
  )
}
