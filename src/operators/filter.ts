import type { ExpressionNode } from '../expression/node.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import { type CompiledExpression, ExpressionSet } from './evaluator/expression-set.ts'
import { NarrowedBatch } from './narrowed-batch.ts'
import type { Operator } from './operator.ts'
import { PassingOperator } from './passing-operator.ts'

/** What a filter is made from. */
interface FilterOptions {
  readonly name?: string
  readonly predicate: ExpressionNode
  readonly columns: readonly InputColumn[]
  readonly context: EvaluationContext
  readonly next: Operator
  /** Indices of the columns anyone downstream reads (default: all). The others are not copied when few rows survive. */
  readonly neededColumns?: readonly number[]
}

/**
 * Lets through the rows for which a condition is true. The conditions of a top-level `and` run one after the other,
 * each narrowing the selection, and none runs once no row is left. O(rows) per condition, nothing allocated per batch.
 */
export class FilterOperator extends PassingOperator {
  readonly name: string
  /** Rows that came and rows that went on. */
  rowsIn = 0
  rowsOut = 0
  protected readonly next: Operator
  readonly #expressions: ExpressionSet
  readonly #conditions: readonly CompiledExpression[]
  readonly #context: EvaluationContext
  readonly #selection: number
  readonly #survivors: NarrowedBatch

  /** @throws EventfluxError `EXPRESSION_INVALID` when the predicate is no condition over the columns. */
  constructor(options: FilterOptions) {
    super()
    const { columns, context } = options
    this.name = options.name ?? 'filter'
    this.next = options.next
    this.#context = context
    this.#expressions = new ExpressionSet(columns, context)
    this.#conditions = conjuncts(options.predicate).map(node => this.#expressions.compileCondition(node))
    this.#selection = context.arena.allocate(this.#selectionBytes)
    this.#survivors = new NarrowedBatch(columns, context, options.neededColumns)
  }

  get #selectionBytes(): number {
    return this.#context.maxBatch * 4
  }

  notes(): readonly string[] {
    return [`kernels ${this.kernelsUsed().join(', ')}`]
  }

  /** The kernels a batch may go through. */
  kernelsUsed(): string[] {
    return [...new Set([...this.#conditions.flatMap(each => each.kernelsUsed()), 'selectMask', 'refineSelection'])]
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    const count = this.#select(batch)
    this.rowsOut += count
    if (count === 0) return true
    if (count === batch.selectedCount) return this.next.process(batch)
    return this.next.process(this.#survivors.of(batch, this.#selection, count))
  }

  override close(): void {
    super.close()
    this.#expressions.close()
    this.#survivors.close()
    this.#context.arena.release(this.#selection, this.#selectionBytes)
  }

  /** Writes the selection of survivors and returns how many there are. */
  #select(batch: RecordBatch): number {
    const { kernels } = this.#context
    const selection = this.#selection
    this.#expressions.bind(batch)
    let from = batch.selection
    let count = batch.selectedCount
    for (const condition of this.#conditions) {
      if (count === 0) return 0
      const mask = condition.evaluate().values
      count =
        from === 0
          ? kernels.selectMask(mask, batch.length, selection)
          : kernels.refineSelection(mask, from, count, selection)
      from = selection
      this.#expressions.narrow(selection, count)
    }
    return count
  }
}

/** The conditions of a top-level `and`, left to right. */
function conjuncts(predicate: ExpressionNode): readonly ExpressionNode[] {
  if (predicate.kind !== 'call' || predicate.fn !== 'and') return [predicate]
  return predicate.args.flatMap(conjuncts)
}
