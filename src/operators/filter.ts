import type { ExpressionNode } from '../expression/node.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import { Compaction } from './compaction.ts'
import type { EvaluationContext, InputColumn } from './evaluator/evaluation-frame.ts'
import { type CompiledExpression, ExpressionSet } from './evaluator/expression-set.ts'
import type { Operator } from './operator.ts'
import { ReusedBatch } from './reused-batch.ts'

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
 * Below this share of surviving rows they are copied together; above it they stay where they are and a selection lists
 * them. A selection costs the expressions downstream the rows that didn't survive, since they compute whole batches;
 * copying costs a gather per column and survivor. Of 4,096 rows in three columns, with two to five kernels downstream
 * (wasm, in µs, selection against copy): half surviving 4.5 : 11 to 18 : 15, a quarter 3.8 : 3.5 to 20 : 9, an eighth
 * 2.4 : 1.6 to 20 : 4.
 */
const COMPACT_BELOW = 1 / 4

/**
 * Lets through the rows for which a condition is true. The conditions of a top-level `and` run one after the other,
 * each narrowing the selection, and none runs once no row is left. O(rows) per condition, nothing allocated per batch.
 */
export class FilterOperator implements Operator {
  readonly name: string
  /** Rows that came and rows that went on. */
  rowsIn = 0
  rowsOut = 0
  readonly #next: Operator
  readonly #expressions: ExpressionSet
  readonly #conditions: readonly CompiledExpression[]
  readonly #context: EvaluationContext
  readonly #selection: number
  readonly #compaction: Compaction
  readonly #output = new ReusedBatch()

  /** @throws EventfluxError `EXPRESSION_INVALID` when the predicate is no condition over the columns. */
  constructor(options: FilterOptions) {
    const { columns, context } = options
    this.name = options.name ?? 'filter'
    this.#next = options.next
    this.#context = context
    this.#expressions = new ExpressionSet(columns, context)
    this.#conditions = conjuncts(options.predicate).map(node => this.#expressions.compileCondition(node))
    this.#selection = context.arena.allocate(this.#selectionBytes)
    this.#compaction = new Compaction(columns, options.neededColumns ?? columns.map((_, i) => i), context)
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
    if (count === batch.selectedCount) return this.#next.process(batch)
    const output = this.#output
    output.assign(batch)
    output.selection = this.#selection
    output.selectedCount = count
    if (count < batch.length * COMPACT_BELOW) this.#compaction.apply(output)
    return this.#next.process(output)
  }

  advanceWatermark(watermark: number): boolean {
    return this.#next.advanceWatermark(watermark)
  }

  nextFiring(): number {
    return this.#next.nextFiring()
  }

  resume(): boolean {
    return this.#next.resume()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#next.markCodes(dictionary, mark)
  }

  close(): void {
    this.#next.close()
    this.#expressions.close()
    this.#compaction.close()
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
