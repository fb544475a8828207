import { type FunctionDefinition, isSameFunction } from '../../expression/function-definition.ts'
import type { FunctionName } from '../../expression/node.ts'
import { Dictionary } from '../../memory/dictionary.ts'
import { BYTE_WIDTH, type TypeName } from '../../schema/data-type.ts'
import type { EvaluationFrame } from './evaluation-frame.ts'
import type { Guard } from './guard.ts'
import { type Constant, Step } from './step.ts'

/** A call whose arguments are compiled: what the makers of steps get. */
export interface CallSite {
  readonly builder: StepBuilder
  readonly fn: FunctionName
  readonly type: TypeName
  readonly args: readonly Step[]
  readonly guard: Guard | undefined
  /** Of 'user' only. */
  readonly definition: FunctionDefinition | undefined
  /** The call as text, for messages. */
  describe(): string
}

/** Makes steps over one frame; steps asked for under the same key are made once. */
export class StepBuilder {
  readonly frame: EvaluationFrame
  /** Dictionaries of computed text: whoever holds their codes must own up to it. */
  readonly dictionaries: Dictionary[] = []
  readonly #shared = new Map<string, Step>()
  readonly #guards = new Map<string, Guard>()
  readonly #functions: FunctionDefinition[] = []
  #count = 0

  constructor(frame: EvaluationFrame) {
    this.frame = frame
  }

  /** A new step; its maker sets `compute`. */
  step(type: TypeName, inputs: readonly Step[], dictionary?: Dictionary): Step {
    for (const input of inputs) input.readers++
    return new Step(this.#count++, this.frame, type, inputs, dictionary)
  }

  /** The step known under `key`, made on first demand. */
  shared(key: string, make: () => Step): Step {
    let step = this.#shared.get(key)
    if (step === undefined) {
      step = make()
      this.#shared.set(key, step)
    }
    return step
  }

  /** A number for each function of the user's own. */
  functionId(definition: FunctionDefinition): number {
    const known = this.#functions.findIndex(each => isSameFunction(each, definition))
    return known < 0 ? this.#functions.push(definition) - 1 : known
  }

  /** A further guard within `parent`. */
  guard(parent: Guard | undefined, step: Step, wants: Guard['wants']): Guard {
    const key = `${parent?.id} ${step.id} ${wants}`
    let guard = this.#guards.get(key)
    if (guard === undefined) {
      guard = { id: this.#guards.size, parent, step, wants }
      step.readers++
      this.#guards.set(key, guard)
    }
    return guard
  }

  /** A literal: its column is filled when first read, since most kernels take the number itself. */
  literal(type: TypeName, value: Constant): Step {
    const text = Object.is(value, -0) ? '-0' : String(value)
    return this.shared(`literal ${type} ${typeof value} ${text}`, () => {
      const step = this.step(type, [])
      step.constant = value
      const vector = step.alias()
      step.compute = () => {
        if (vector.values === 0) {
          vector.values = this.frame.columnOf(BYTE_WIDTH[type])
          if (value === null) vector.validity = this.frame.bitmap()
          else fill(step, vector.values, this.frame.maxBatch)
        }
        return vector
      }
      return step
    })
  }

  /** A dictionary for computed text: `sources` are the dictionaries whose strings may pass through it. */
  dictionary(sources: readonly Dictionary[], literals: number): Dictionary {
    const passing = sources.reduce((sum, source) => sum + source.maxCodes, 0)
    const dictionary = new Dictionary({ maxCodes: this.frame.maxCodes + passing + literals })
    this.dictionaries.push(dictionary)
    return dictionary
  }
}

function fill(step: Step, out: number, n: number): void {
  const value = step.constant!
  switch (step.type) {
    case 'f64':
    case 'timestamp':
      step.kernel('fillF64')(out, n, Number(value))
      break
    case 'f32':
      step.kernel('fillF32')(out, n, Number(value))
      break
    case 'i32':
    case 'u32':
      step.kernel('fillI32')(out, n, Number(value) | 0)
      break
    case 'i64':
      step.kernel('fillI64')(out, n, BigInt(value))
      break
    case 'bool':
      step.kernel('fill1')(out, n, Number(value))
      break
    case 'utf8':
      throw new TypeError('a text literal has a code only within a dictionary')
  }
}
