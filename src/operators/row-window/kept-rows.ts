import type { ExpressionNode } from '../../expression/node.ts'
import type { CodeMarker, Dictionary } from '../../memory/dictionary.ts'
import type { EvaluationContext } from '../evaluator/evaluation-frame.ts'
import { type CompiledExpression, ExpressionSet } from '../evaluator/expression-set.ts'
import { type OutputColumn, OutputColumns, type OutputRow } from './output-columns.ts'

/**
 * Of each chunk the last row of each group that meets a condition, in the order in which the groups came up. Rows that are
 * groups of their own are all kept.
 */
export class KeptRows {
  readonly #context: EvaluationContext
  readonly #columns: OutputColumns | undefined
  readonly #set: ExpressionSet | undefined
  readonly #condition: CompiledExpression | undefined
  readonly #last = new Map<unknown, OutputRow>()
  /** With a condition: the rows it is still to be asked for, and their groups. */
  #asked: OutputRow[] = []
  #groups: unknown[] = []

  /** @param having A condition over the columns; left out, every row meets it. */
  constructor(context: EvaluationContext, columns: readonly OutputColumn[], having: ExpressionNode | undefined) {
    this.#context = context
    if (having === undefined) return
    this.#columns = new OutputColumns(context, columns)
    this.#set = new ExpressionSet(columns, context)
    this.#condition = this.#set.compileCondition(having)
  }

  add(group: unknown, row: OutputRow): void {
    if (this.#condition === undefined) {
      this.#last.set(group, row)
      return
    }
    this.#groups.push(group)
    if (this.#asked.push(row) === this.#context.maxBatch) this.#ask(this.#condition)
  }

  /** The chunk is over: adds what comes out of it to `into`. */
  take(into: OutputRow[]): void {
    if (this.#condition !== undefined && this.#asked.length > 0) this.#ask(this.#condition)
    for (const row of this.#last.values()) into.push(row)
    this.#last.clear()
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#columns?.markCodes(dictionary, mark)
  }

  close(): void {
    this.#columns?.close()
    this.#set?.close()
  }

  #ask(condition: CompiledExpression): void {
    this.#set!.bind(this.#columns!.write(this.#asked, 0, this.#asked.length))
    const mask = condition.evaluate().values
    const { u8 } = this.#context.arena.memory
    for (const [i, row] of this.#asked.entries()) if (u8[mask + i] !== 0) this.#last.set(this.#groups[i], row)
    this.#asked = []
    this.#groups = []
  }
}
