import { expressionInvalid, show } from '../../errors.ts'
import { inferCall } from '../../expression/function-rules.ts'
import { literalValue } from '../../expression/literal.ts'
import type { CallNode, ExpressionNode } from '../../expression/node.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import type { RecordBatch, Vector } from '../../memory/record-batch.ts'
import { type DataType, typeOf } from '../../schema/data-type.ts'
import { argumentGuards } from './argument-guards.ts'
import { describeExpression } from './describe-expression.ts'
import { type EvaluationContext, EvaluationFrame, type InputColumn } from './evaluation-frame.ts'
import { FUNCTIONS } from './functions.ts'
import type { Guard } from './guard.ts'
import { truth } from './logic.ts'
import type { Step } from './step.ts'
import { StepBuilder } from './step-builder.ts'
import { commonDictionary, translate } from './text.ts'

/** An expression ready to run: a kernel call per node and batch, no allocation per batch. */
export interface CompiledExpression {
  readonly type: DataType
  /** Set exactly for `utf8`: the input column's, or one of the set's `dictionaries`. */
  readonly dictionary: Dictionary | undefined
  /**
   * The value of every row of the set's batch, in scratch memory or in place; valid until the set's next `bind`. Rows
   * outside the selection hold anything. A bool result may be null; a condition reads null as false.
   *
   * @throws EventfluxError `OVERFLOW` when i64 arithmetic leaves its range in a row that is alive, unless faults are
   * deferred.
   */
  evaluate(): Vector
  /** The kernels its nodes call, each once, innermost first. */
  kernelsUsed(): string[]
}

/**
 * The expressions of one operator over one list of input columns. Equal subexpressions are computed once per batch.
 *
 * @example
 * set.bind(batch)
 * const notional = expression.evaluate()
 */
export class ExpressionSet {
  readonly #columns: readonly InputColumn[]
  readonly #frame: EvaluationFrame
  readonly #builder: StepBuilder

  /** @param defersFaults Whether rows that overflow are told by `faults` instead of ending the job at once. */
  constructor(columns: readonly InputColumn[], context: EvaluationContext, defersFaults = false) {
    this.#columns = columns
    this.#frame = new EvaluationFrame(context, defersFaults)
    this.#builder = new StepBuilder(this.#frame)
  }

  /** Dictionaries of computed text, to which whoever keeps rows or state downstream must add itself as an owner. */
  get dictionaries(): readonly Dictionary[] {
    return this.#builder.dictionaries
  }

  /** Rows of the batch for which something overflowed so far, with the error; undefined when none did. */
  get faults(): ReadonlyMap<number, Error> | undefined {
    return this.#frame.faults
  }

  /**
   * Compiles one more expression, before the first batch.
   *
   * @throws EventfluxError `EXPRESSION_INVALID`, `STATE_FULL` when scratch doesn't fit.
   */
  compile(node: ExpressionNode): CompiledExpression {
    const { step, type } = this.#compileWhole(node)
    // A text literal gets its code from a dictionary of its own.
    const ofText = type.name === 'utf8' && step.dictionary === undefined
    return compiled(ofText ? translate(this.#builder, step, commonDictionary(this.#builder, [step])) : step, type)
  }

  /** The same for a condition: null reads as false, so that the result is a mask without nulls. */
  compileCondition(node: ExpressionNode): CompiledExpression {
    const { step, type } = this.#compileWhole(node)
    if (type.name !== 'bool') {
      throw expressionInvalid(`a filter takes a condition; ${describeExpression(node)} is ${type.name}`)
    }
    return compiled(truth(this.#builder, step), typeOf('bool', false))
  }

  /** Turns to a batch. @throws EventfluxError `STATE_FULL` at the first one, when the scratch of all doesn't fit. */
  bind(batch: RecordBatch): void {
    this.#frame.bind(batch)
  }

  /** Tells that only these rows of the batch still matter (as in `RecordBatch.selection`). */
  narrow(selection: number, selectedCount: number): void {
    this.#frame.narrow(selection, selectedCount)
  }

  /** Gives scratch memory and tables back. */
  close(): void {
    this.#frame.close()
  }

  #compileWhole(node: ExpressionNode): Typed {
    // Scratch may have been given to others, for want of readers.
    if (this.#frame.stamp > 0) throw new TypeError('expressions are compiled before the first batch')
    return this.#compile(node, undefined)
  }

  #compile(node: ExpressionNode, guard: Guard | undefined): Typed {
    switch (node.kind) {
      case 'column':
        return this.#column(node.name)
      case 'literal':
        return {
          step: this.#builder.literal(node.type, literalValue(node)),
          type: typeOf(node.type, node.value === null),
        }
      case 'call':
        return this.#call(node, guard)
    }
  }

  #column(name: string): Typed {
    const index = this.#columns.findIndex(column => column.name === name)
    const column = this.#columns[index]
    if (column === undefined) {
      const known = this.#columns.slice(0, 8).map(each => each.name)
      throw expressionInvalid(`there is no column ${show(name)} here, only ${known.join(', ')}`, {
        value: name,
        at: name,
      })
    }
    const step = this.#builder.shared(`column ${index}`, () => {
      const made = this.#builder.step(column.type.name, [], column.dictionary)
      made.compute = () => this.#frame.batch!.columns[index]!
      return made
    })
    return { step, type: column.type }
  }

  #call(node: CallNode, guard: Guard | undefined): Typed {
    const builder = this.#builder
    const guards = argumentGuards(builder, node.fn, node.args.length, guard)
    const args: Step[] = []
    const types: DataType[] = []
    for (const arg of node.args) {
      const { step, type } = this.#compile(arg, guards.next())
      guards.done(step)
      args.push(step)
      types.push(type)
    }
    const type = inferCall(node, types)
    const { fn, definition } = node
    const name = definition === undefined ? fn : `${fn} ${builder.functionId(definition)}`
    // Only what can fail depends on where it stands.
    const place = type.name === 'i64' || definition !== undefined ? guard?.id : undefined
    const key = `${name} ${args.map(arg => arg.id).join()} ${place}`
    const describe = () => describeExpression(node)
    const step = builder.shared(key, () =>
      FUNCTIONS[fn]({ builder, fn, type: type.name, args, guard, definition, describe }),
    )
    return { step, type }
  }
}

interface Typed {
  readonly step: Step
  readonly type: DataType
}

function compiled(step: Step, type: DataType): CompiledExpression {
  step.readers++
  return {
    type,
    dictionary: step.dictionary,
    evaluate: () => step.evaluate(),
    kernelsUsed: () => [...collectKernels(step, new Set(), new Set())],
  }
}

function collectKernels(step: Step, seen: Set<Step>, into: Set<string>): Set<string> {
  if (seen.has(step)) return into
  seen.add(step)
  for (const input of step.inputs) collectKernels(input, seen, into)
  for (const name of step.kernelNames) into.add(name)
  return into
}
