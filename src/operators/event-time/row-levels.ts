import { planInvalid } from '../../errors.ts'
import { inferType } from '../../expression/infer-type.ts'
import { literalNode } from '../../expression/literal.ts'
import type { CallNode, ExpressionNode } from '../../expression/node.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { WatermarkSpec } from '../../plan/watermarks.ts'
import { schemaFrom } from '../../schema/schema.ts'
import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import { type CompiledExpression, ExpressionSet } from '../evaluator/expression-set.ts'

/**
 * How far each row of a batch leads the watermark: to its level less `behindMs`. The level of a row is its time, or what a
 * punctuated strategy reads in it; NaN where it leads the watermark nowhere.
 */
export class RowLevels {
  readonly behindMs: number
  readonly #context: EvaluationContext
  readonly #time: number
  readonly #marks: { readonly set: ExpressionSet; readonly level: CompiledExpression } | undefined
  /** Levels of a batch that comes with a selection, NaN where a row is not selected. */
  #selected = 0

  constructor(watermarks: WatermarkSpec, time: string, columns: readonly InputColumn[], context: EvaluationContext) {
    this.#context = context
    this.#time = columns.findIndex(({ name }) => name === time)
    if (this.#time < 0) throw planInvalid(`the event-time column ${JSON.stringify(time)} isn't there`, { value: time })
    this.behindMs = behindMs(watermarks)
    if (watermarks.kind !== 'punctuated') return
    const set = new ExpressionSet(columns, context)
    this.#marks = { set, level: set.compile(levelOf(watermarks.expression, time, columns)) }
  }

  /** Whether levels are the rows' times: their greatest is the greatest time then. */
  get areTimes(): boolean {
    return this.#marks === undefined
  }

  /** The kernels a batch goes through. */
  kernelsUsed(): string[] {
    return this.#marks === undefined ? [] : this.#marks.level.kernelsUsed()
  }

  /** Address of the event times of a batch. */
  timesOf(batch: RecordBatch): number {
    return batch.columns[this.#time]!.values
  }

  /** Address of the level of every row of a batch; good until the next one. */
  of(batch: RecordBatch): number {
    let levels = this.timesOf(batch)
    if (this.#marks !== undefined) {
      this.#marks.set.bind(batch)
      levels = this.#marks.level.evaluate().values
    }
    return batch.selection === 0 ? levels : this.#hideUnselected(levels, batch)
  }

  close(): void {
    this.#marks?.set.close()
    const { arena, maxBatch } = this.#context
    if (this.#selected !== 0) arena.release(this.#selected, maxBatch * 8)
    this.#selected = 0
  }

  /** Rows a filter above took out must not move the watermark. Rare: filters mostly stand below event time. */
  #hideUnselected(levels: number, { length, selection, selectedCount }: RecordBatch): number {
    const { arena, maxBatch } = this.#context
    if (this.#selected === 0) this.#selected = arena.allocate(maxBatch * 8)
    const { f64, u32 } = arena.memory
    const from = levels >>> 3
    const to = this.#selected >>> 3
    f64.fill(Number.NaN, to, to + length)
    for (let j = 0, at = selection >>> 2; j < selectedCount; j++, at++) f64[to + u32[at]!] = f64[from + u32[at]!]!
    return this.#selected
  }
}

/** How far the watermark stays behind the level that leads it. */
function behindMs(watermarks: WatermarkSpec): number {
  switch (watermarks.kind) {
    case 'boundedOutOfOrderness':
      return watermarks.outOfOrdernessMs + 1
    case 'physical':
      return watermarks.waitMs
    case 'punctuated':
      return 0
  }
}

/** The level of a row as an f64 that is never null: of a condition, the time of the rows that meet it. */
function levelOf(mark: ExpressionNode, time: string, columns: readonly InputColumn[]): ExpressionNode {
  const nowhere = literalNode(Number.NaN, 'f64')
  const type = inferType(mark, schemaFrom(columns.map(({ name, type }) => [name, type] as const)))
  if (type.name === 'bool') return call('if', mark, call('toF64', { kind: 'column', name: time }), nowhere)
  return call('coalesce', call('toF64', mark), nowhere)
}

const call = (fn: CallNode['fn'], ...args: readonly ExpressionNode[]): CallNode => ({ kind: 'call', fn, args })
