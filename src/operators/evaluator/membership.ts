import { expressionInvalid } from '../../errors.ts'
import { toF64 } from './cast.ts'
import { settleNulls } from './compare.ts'
import type { Step } from './step.ts'
import type { CallSite } from './step-builder.ts'
import { inTexts } from './text.ts'

/** `in`: a value among literals. Null is in no list, and a null in the list matches nothing. */
export function compileIn(call: CallSite): Step {
  const { builder, args } = call
  const [value, ...choices] = args as readonly [Step, ...Step[]]
  for (const choice of choices) {
    if (choice.constant === undefined) throw expressionInvalid(`${call.describe()}: in takes literals`)
  }
  if (value.type === 'utf8') {
    const texts = choices.filter(choice => choice.constant !== null)
    return inTexts(builder, value, texts)
  }
  const wholeI64 = value.type === 'i64' && choices.every(choice => choice.type === 'i64')
  const operand = wholeI64 ? value : toF64(builder, value)
  const list = choices.flatMap(choice => (choice.constant === null ? [] : [choice.constant!]))
  const { frame } = builder
  const address = frame.hold(8 * list.length)
  list.forEach((each, i) => {
    if (wholeI64) frame.memory.i64[(address >>> 3) + i] = BigInt(each)
    else frame.memory.f64[(address >>> 3) + i] = Number(each)
  })
  const out = builder.step('bool', [operand])
  const vector = out.scratch()
  const kernel = out.kernel(wholeI64 ? 'inI64' : 'inF64')
  out.compute = n => {
    const source = operand.evaluate()
    kernel(source.values, n, address, list.length, vector.values)
    settleNulls(builder, 'eq', vector.values, source.validity, n)
    return vector
  }
  return out
}
