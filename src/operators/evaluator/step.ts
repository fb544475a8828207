import type { Dictionary } from '../../memory/dictionary.ts'
import type { Vector } from '../../memory/record-batch.ts'
import { BYTE_WIDTH, type TypeName } from '../../schema/data-type.ts'
import type { KernelExports, KernelName } from '../../wasm/exports.ts'
import type { EvaluationFrame } from './evaluation-frame.ts'
import { ReusedVector } from './reused-vector.ts'

/** The value of a literal, as its column would hold it: `bigint` for i64, the string itself for utf8. */
export type Constant = number | bigint | boolean | string | null

/**
 * One computed column: equal subexpressions share a step, and a step is computed at most once a batch, however many
 * others read it. Its result stays readable for the whole batch, unless its only reader writes over it.
 */
export class Step {
  /** Unique within one compiler: what makes equal expressions meet. */
  readonly id: number
  readonly type: TypeName
  readonly dictionary: Dictionary | undefined
  readonly inputs: readonly Step[]
  readonly kernelNames: KernelName[] = []
  /** Other steps, results and guards that read this one. */
  readers = 0
  /** Set for literals. */
  constant: Constant | undefined
  /** Set where this is a column times a number, which whoever adds something to it may compute as well. */
  product: { readonly column: Step; readonly by: number } | undefined
  /** Fills or finds the result for the first `n` rows. Set once, by the code that makes the step. */
  compute!: (n: number) => Vector
  readonly #frame: EvaluationFrame
  /** What always holds the result, where an element-wise kernel writes it. */
  #written: ReusedVector | undefined
  #stamp = -1
  #result: Vector | undefined

  constructor(
    id: number,
    frame: EvaluationFrame,
    type: TypeName,
    inputs: readonly Step[],
    dictionary: Dictionary | undefined,
  ) {
    this.id = id
    this.#frame = frame
    this.type = type
    this.inputs = inputs
    this.dictionary = dictionary
  }

  /** The kernel of that name, noted for `explain`. */
  kernel<Name extends KernelName>(name: Name): KernelExports[Name] {
    if (!this.kernelNames.includes(name)) this.kernelNames.push(name)
    return this.#frame.kernels[name]
  }

  /** Scratch for this step's result. */
  scratch(): ReusedVector {
    return new ReusedVector(this.type, this.dictionary, this.#frame.columnOf(BYTE_WIDTH[this.type]))
  }

  /**
   * The same for an element-wise kernel over operands, which may work in place: over one of them if nobody else reads it. So
   * that more of a batch stays in the cache. Known when all steps are.
   */
  scratchOver(...operands: readonly Step[]): ReusedVector {
    const vector = this.alias()
    this.#written = vector
    this.#frame.onFirstBatch(() => {
      if (this.readers === 0) return this.#leave()
      const free = operands.find(each => each.readers === 1 && each.type === this.type && each.#written !== undefined)
      vector.values = free === undefined ? this.#frame.columnOf(BYTE_WIDTH[this.type]) : free.#written!.values
    })
    return vector
  }

  /** Nobody reads this: so it has no place, and doesn't read its operands either. */
  #leave(): void {
    for (const input of this.inputs) input.readers--
    this.compute = () => {
      throw new TypeError('a step that has no readers was read')
    }
  }

  /** A vector that stands wherever others do: for results that are no copy. */
  alias(): ReusedVector {
    return new ReusedVector(this.type, this.dictionary, 0)
  }

  /** The bitmap of rows where both operands have a value: one of the two where the other has no nulls, else `scratch`. */
  bothValid(first: number, second: number, n: number, scratch: number): number {
    if (first === 0 || first === second) return second
    if (second === 0) return first
    this.#frame.kernels.andBits(first, second, n, scratch)
    return scratch
  }

  /** The result for the frame's batch. */
  evaluate(): Vector {
    const frame = this.#frame
    if (this.#stamp !== frame.stamp) {
      this.#result = this.compute(frame.length)
      this.#stamp = frame.stamp
    }
    return this.#result!
  }
}
