import { readDictionaries, writeDictionaries } from '../checkpoint/dictionary-state.ts'
import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../checkpoint/stateful.ts'
import type { ExpressionNode } from '../expression/node.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch, Vector } from '../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import { type CompiledExpression, ExpressionSet } from './evaluator/expression-set.ts'
import type { Operator } from './operator.ts'
import { PassingOperator } from './passing-operator.ts'
import { ReusedBatch } from './reused-batch.ts'

/** What a projection is made from. */
interface ProjectOptions {
  readonly name?: string
  readonly expressions: readonly { readonly name: string; readonly expression: ExpressionNode }[]
  readonly columns: readonly InputColumn[]
  readonly context: EvaluationContext
  /** Whether a row that overflows goes on as one of the batch's `faults`, for whoever takes it in. */
  readonly defersFaults?: boolean
  /** Makes the next operator, which needs to know the columns this one puts out. */
  readonly next: (columns: readonly InputColumn[]) => Operator
}

/**
 * Replaces the columns of a batch by computed ones. Columns handed through stay where they are; selection, origin and
 * watermarks travel along. One kernel call per distinct node and batch, nothing allocated per batch.
 */
export class ProjectOperator extends PassingOperator implements Stateful {
  readonly name: string
  rowsIn = 0
  rowsOut = 0
  /** The columns it puts out. */
  readonly columns: readonly InputColumn[]
  protected readonly next: Operator
  readonly #set: ExpressionSet
  readonly #expressions: readonly CompiledExpression[]
  readonly #vectors: Vector[] = []
  readonly #output = new ReusedBatch()

  /** @throws EventfluxError `EXPRESSION_INVALID` when an expression doesn't fit the columns. */
  constructor(options: ProjectOptions) {
    super()
    this.name = options.name ?? 'project'
    this.#set = new ExpressionSet(options.columns, options.context, options.defersFaults)
    this.#expressions = options.expressions.map(({ expression }) => this.#set.compile(expression))
    this.columns = this.#expressions.map(({ type, dictionary }, i) => ({
      name: options.expressions[i]!.name,
      type,
      dictionary,
    }))
    this.next = options.next(this.columns)
  }

  /** Dictionaries of computed text columns: whoever keeps rows or state downstream adds itself to their owners. */
  get dictionaries(): readonly Dictionary[] {
    return this.#set.dictionaries
  }

  notes(): readonly string[] {
    const kernels = this.kernelsUsed()
    return kernels.length === 0 ? [] : [`${this.name}: kernels ${kernels.join(', ')}`]
  }

  /** The kernels a batch goes through. */
  kernelsUsed(): string[] {
    return [...new Set(this.#expressions.flatMap(each => each.kernelsUsed()))]
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    this.rowsOut += batch.selectedCount
    this.#set.bind(batch)
    for (let i = 0; i < this.#expressions.length; i++) this.#vectors[i] = this.#expressions[i]!.evaluate()
    this.#output.assign(batch)
    this.#output.columns = this.#vectors
    this.#output.faults = this.#set.faults
    return this.next.process(this.#output)
  }

  /** What rows and state downstream hold are codes of its dictionaries. */
  snapshot(writer: StateWriter): void {
    writeDictionaries(writer, this.dictionaries)
  }

  restore(reader: StateReader): void {
    readDictionaries(reader, this.dictionaries)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  override close(): void {
    super.close()
    this.#set.close()
  }
}
