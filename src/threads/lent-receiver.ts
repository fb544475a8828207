import { eventInvalid } from '../errors.ts'
import { ArenaScope } from '../memory/arena.ts'
import { BatchView } from '../memory/batch-view.ts'
import { ColumnBuffers } from '../memory/column-buffers.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import { LinearMemory } from '../memory/linear-memory.ts'
import { copyPaged } from '../memory/typed-copy.ts'
import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import { BYTE_WIDTH, type TypeName } from '../schema/data-type.ts'
import { markCodesOf, type StreamTexts } from './batch-receiver.ts'
import type { FrameRing } from './frame-ring.ts'
import { LENT_COLUMN_BYTES, LENT_HEADER_BYTES } from './lent-frame.ts'
import type { WorkerOrder } from './worker-job.ts'

/**
 * Copies rows that are lent from where they stand into this thread's own memory. Whoever lent them should not write to them, but
 * might: it is the copy that is checked.
 */
export class LentReceiver {
  readonly #context: EvaluationContext
  readonly #columns: readonly InputColumn[]
  readonly #scope: ArenaScope
  readonly #view: BatchView
  readonly #memories: LinearMemory[] = []
  readonly #range: number
  #stage: ColumnBuffers | undefined

  constructor(columns: readonly InputColumn[], context: EvaluationContext) {
    this.#context = context
    this.#columns = columns
    this.#scope = new ArenaScope(context.arena)
    this.#range = this.#scope.allocate(16)
    this.#view = new BatchView(
      columns.map(({ type }) => type.name),
      columns.map(({ dictionary }) => dictionary),
    )
  }

  /** Whether it knows the memory of the frame polled last. */
  knows({ a: memory }: FrameRing): boolean {
    return this.#memories[memory] !== undefined
  }

  /** Takes in memory that rows may stand in, which was sent before any frame that names it. */
  share(order: WorkerOrder): void {
    if (order.kind === 'share') this.#memories[order.number] = new LinearMemory({ over: order.memory })
  }

  /**
   * The rows of the frame polled last. Valid until the next call.
   *
   * @throws EventfluxError `EVENT_INVALID`: the rows aren't what they were when they were lent.
   */
  read({ a, b: rows, u32, f64 }: FrameRing, offset: number, { texts }: StreamTexts): BatchView {
    const { arena, kernels, maxBatch } = this.#context
    const from = this.#memories[a]!
    this.#stage ??= new ColumnBuffers(this.#scope, this.#columns, maxBatch)
    const view = this.#view
    view.show(this.#stage, 0, rows)
    let word = (offset + LENT_HEADER_BYTES) >>> 2
    for (let i = 0; i < view.columns.length; i++) {
      const { type, values } = view.columns[i]!
      copyColumn(from, u32[word]!, arena.memory, values, type, rows)
      const fits =
        type === 'utf8'
          ? kernels.shiftCodes(values, rows, u32[word + 1]!, u32[word + 2]!) === rows
          : type !== 'timestamp' || kernels.normaliseTimes(values, rows) === rows
      if (!fits) throw this.#changed(i)
      texts[i]?.translate(values, rows, false)
      word += LENT_COLUMN_BYTES >>> 2
    }
    const times = u32[(offset + 8) >>> 2]!
    kernels.rangeF64(view.columns[times]!.values, 0, 0, rows, this.#range)
    if (arena.memory.f64[(this.#range >>> 3) + 1]! > f64[offset >>> 3]!) throw this.#changed(times)
    return view
  }

  /** The rows read last have been worked on. */
  pass(): void {
    this.#view.length = 0
  }

  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    markCodesOf(this.#view, this.#context.arena.memory, dictionary, mark)
  }

  #changed(column: number): Error {
    const { name } = this.#columns[column]!
    return eventInvalid(`column ${name} was written to while it was lent: a block is the job's until it is returned`, {
      at: name,
    })
  }
}

/** By elements: views of these are copied in words, whatever the machine. */
function copyColumn(
  from: LinearMemory,
  at: number,
  to: LinearMemory,
  values: number,
  type: TypeName,
  rows: number,
): void {
  if (BYTE_WIDTH[type] === 8) copyPaged(to.f64, from.f64.subarray(at >>> 3, (at >>> 3) + rows), rows, values >>> 3)
  else copyPaged(to.u32, from.u32.subarray(at >>> 2, (at >>> 2) + rows), rows, values >>> 2)
}
