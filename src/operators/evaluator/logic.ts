import type { Step } from './step.ts'
import type { CallSite, StepBuilder } from './step-builder.ts'

/** A condition as a mask without nulls: null reads as false. */
export function truth(builder: StepBuilder, condition: Step): Step {
  return builder.shared(`truth ${condition.id}`, () => {
    const out = builder.step('bool', [condition])
    const vector = out.scratch()
    out.compute = n => {
      const source = condition.evaluate()
      if (source.validity === 0) return source
      builder.frame.kernels.andMaskBits(source.values, source.validity, n, vector.values)
      return vector
    }
    return out
  })
}

/** `and` and `or` of any number of conditions; never null. */
export function compileConnective(call: CallSite, verb: 'and' | 'or'): Step {
  const { builder } = call
  const conditions = call.args.map(arg => truth(builder, arg))
  if (conditions.length === 1) return conditions[0]!
  const out = builder.step('bool', conditions)
  const vector = out.scratch()
  const kernel = out.kernel(verb === 'and' ? 'andMask' : 'orMask')
  out.compute = n => {
    let so = conditions[0]!.evaluate().values
    for (let i = 1; i < conditions.length; i++) {
      kernel(so, conditions[i]!.evaluate().values, n, vector.values)
      so = vector.values
    }
    return vector
  }
  return out
}

/** `not`; the opposite of null is null. */
export function compileNot(call: CallSite): Step {
  const condition = call.args[0]!
  const out = call.builder.step('bool', [condition])
  const vector = out.scratch()
  const kernel = out.kernel('notMask')
  out.compute = n => {
    const source = condition.evaluate()
    kernel(source.values, n, vector.values)
    vector.validity = source.validity
    return vector
  }
  return out
}

/** `isNull` and `isNotNull`. */
export function compileNullTest(call: CallSite, wantsNull: boolean): Step {
  const { builder } = call
  const operand = call.args[0]!
  if (operand.constant !== undefined) return builder.literal('bool', (operand.constant === null) === wantsNull)
  const out = builder.step('bool', [operand])
  const vector = out.scratch()
  const fill = out.kernel('fill1')
  const fromBits = out.kernel('maskFromBits')
  const negate = out.kernel('notMask')
  out.compute = n => {
    const { validity } = operand.evaluate()
    if (validity === 0) fill(vector.values, n, Number(!wantsNull))
    else {
      fromBits(validity, n, vector.values)
      if (wantsNull) negate(vector.values, n, vector.values)
    }
    return vector
  }
  return out
}
