import type { FunctionName } from '../../expression/node.ts'
import type { Guard } from './guard.ts'
import type { Step } from './step.ts'
import type { StepBuilder } from './step-builder.ts'

/** The guards of a call's arguments in order: `next` is asked before an argument is compiled, `done` told after. */
interface ArgumentGuards {
  next(): Guard | undefined
  done(argument: Step): void
}

/** Which arguments of a call are wanted only if earlier ones turn out a certain way. */
export function argumentGuards(
  builder: StepBuilder,
  fn: FunctionName,
  count: number,
  outer: Guard | undefined,
): ArgumentGuards {
  switch (fn) {
    case 'and':
      return each(builder, outer, 'true')
    case 'or':
      return each(builder, outer, 'notTrue')
    case 'coalesce':
      return each(builder, outer, 'null')
    case 'if':
    case 'case':
      return cases(builder, outer, count)
    default:
      return { next: () => outer, done: () => {} }
  }
}

/** Every argument is wanted only while all before it were as `wants` says. */
function each(builder: StepBuilder, outer: Guard | undefined, wants: Guard['wants']): ArgumentGuards {
  let guard = outer
  return {
    next: () => guard,
    done: argument => {
      guard = builder.guard(guard, argument, wants)
    },
  }
}

/** condition, value, condition, value, …, otherwise. */
function cases(builder: StepBuilder, outer: Guard | undefined, count: number): ArgumentGuards {
  let noneSoFar = outer
  let condition: Step | undefined
  let i = 0
  return {
    next: () => (condition === undefined ? noneSoFar : builder.guard(noneSoFar, condition, 'true')),
    done: argument => {
      if (condition !== undefined) {
        noneSoFar = builder.guard(noneSoFar, condition, 'notTrue')
        condition = undefined
      } else if (i < count - 1) condition = argument
      i++
    },
  }
}
