import { expressionInvalid } from '../../errors.ts'
import { withConstant } from './arithmetic.ts'
import { cast, relabel, toF64 } from './cast.ts'
import type { Step } from './step.ts'
import type { CallSite } from './step-builder.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** The epoch was a Thursday: four days after a Sunday. */
const EPOCH_WEEKDAY = 4

type TimePart = 'hour' | 'minute' | 'second' | 'dayOfWeek'

/** `hour`, `minute`, `second`, `dayOfWeek` in UTC; right before the epoch too, the divisions being floored. */
export function compileTimePart(call: CallSite, part: TimePart): Step {
  const { builder } = call
  const time = toF64(builder, call.args[0]!)
  const modulo = (step: Step, k: number) => withConstant(builder, 'floorModF64ColConst', step, k)
  const quotient = (step: Step, k: number) => withConstant(builder, 'floorDivF64ColConst', step, k)
  const steps: Readonly<Record<TimePart, () => Step>> = {
    hour: () => quotient(modulo(time, DAY), HOUR),
    minute: () => quotient(modulo(time, HOUR), MINUTE),
    second: () => quotient(modulo(time, MINUTE), SECOND),
    dayOfWeek: () => modulo(withConstant(builder, 'addF64ColConst', quotient(time, DAY), EPOCH_WEEKDAY), 7),
  }
  return cast(builder, steps[part](), call.type)
}

/**
 * `floorTo(time, size, offset)`: the greatest `offset + k · size` that is not after the time. The first interval of all
 * begins at the least timestamp.
 */
export function compileFloorTo(call: CallSite): Step {
  const { builder, args } = call
  const time = toF64(builder, args[0]!)
  const size = args[1]!.constant
  const offset = args[2]?.constant ?? 0
  if (typeof size !== 'number' || typeof offset !== 'number' || !(size > 0)) {
    throw expressionInvalid(
      `${call.describe()}: floorTo takes a positive size and an offset in milliseconds as literals`,
    )
  }
  // By remainders, which are exact: a product of the quotient is not, for offsets near the limits of safe integers.
  const rest = (offset % size) + 0
  const within = rest < 0 ? rest + size : rest
  const start = builder.shared(`floorToF64 ${time.id} ${size} ${within}`, () => {
    const out = builder.step('f64', [time])
    const vector = out.scratch()
    const kernel = out.kernel('floorToF64')
    out.compute = n => {
      const source = time.evaluate()
      kernel(source.values, size, within, n, vector.values)
      vector.validity = source.validity
      return vector
    }
    return out
  })
  return relabel(builder, start, call.type)
}
