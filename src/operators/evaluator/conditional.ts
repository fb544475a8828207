import { BYTE_WIDTH } from '../../schema/data-type.ts'
import { cast } from './cast.ts'
import { truth } from './logic.ts'
import type { Step } from './step.ts'
import type { CallSite } from './step-builder.ts'
import { commonDictionary, translate } from './text.ts'

/** `if` and `case`: the value of the first condition that is true, else the last argument. */
export function compileCase(call: CallSite): Step {
  const { builder, args } = call
  const conditions = args.filter((_, i) => i % 2 === 0 && i < args.length - 1).map(each => truth(builder, each))
  const values = toOneType(
    call,
    args.filter((_, i) => i % 2 === 1 || i === args.length - 1),
  )
  const otherwise = values[values.length - 1]!
  if (conditions.length === 0) return otherwise
  const out = builder.step(call.type, [...conditions, ...values], otherwise.dictionary)
  const vector = out.scratch()
  const bits = builder.frame.bitmap()
  const choose = out.kernel(CHOOSE[BYTE_WIDTH[call.type]])
  const chooseBits = out.kernel('chooseBits')
  const allValid = builder.frame.allValid()
  out.compute = n => {
    let so = otherwise.evaluate()
    for (let i = conditions.length - 1; i >= 0; i--) {
      const mask = conditions[i]!.evaluate().values
      const value = values[i]!.evaluate()
      choose(mask, value.values, so.values, n, vector.values)
      if (value.validity === 0 && so.validity === 0) vector.validity = 0
      else {
        chooseBits(mask, value.validity || allValid, so.validity || allValid, n, bits)
        vector.validity = bits
      }
      so = vector
    }
    return vector
  }
  return out
}

/** The first argument that isn't null. */
export function compileCoalesce(call: CallSite): Step {
  const { builder } = call
  const values = toOneType(call, call.args)
  if (values.length === 1) return values[0]!
  const out = builder.step(call.type, values, values[0]!.dictionary)
  const vector = out.scratch()
  const bits = builder.frame.bitmap()
  const mask = builder.frame.columnOf(1)
  const fromBits = out.kernel('maskFromBits')
  const choose = out.kernel(CHOOSE[BYTE_WIDTH[call.type]])
  const orBits = out.kernel('orBits')
  out.compute = n => {
    let so = values[0]!.evaluate()
    for (let i = 1; i < values.length && so.validity !== 0; i++) {
      const next = values[i]!.evaluate()
      fromBits(so.validity, n, mask)
      choose(mask, so.values, next.values, n, vector.values)
      if (next.validity === 0) vector.validity = 0
      else {
        orBits(so.validity, next.validity, n, bits)
        vector.validity = bits
      }
      so = vector
    }
    return so
  }
  return out
}

const CHOOSE = { 1: 'choose1', 4: 'choose4', 8: 'choose8' } as const

/** The values as the call's type; texts as codes of one dictionary. */
function toOneType(call: CallSite, values: readonly Step[]): Step[] {
  const { builder, type } = call
  if (type !== 'utf8') return values.map(value => cast(builder, value, type))
  const dictionary = commonDictionary(builder, values)
  return values.map(value => translate(builder, value, dictionary))
}
