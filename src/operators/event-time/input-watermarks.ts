import { INPUT_RUN_BYTES, INPUT_RUN_END, INPUT_RUN_INPUT, INPUT_RUN_START } from '../../../assembly/abi.ts'
import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'
import { checkpointMismatch } from '../../errors.ts'
import { type Arena, ArenaScope } from '../../memory/arena.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import type { RecordBatch } from '../../memory/record-batch.ts'
import type { BatchInputs } from './batch-inputs.ts'

/**
 * The watermark of each input, and the merged one: the least of those that hold it back, never going back itself. An input
 * that is idle, has ended or hasn't begun holds nothing back; where no input does, the merged watermark stays.
 */
export class InputWatermarks {
  merged = Number.NEGATIVE_INFINITY
  /** Addresses of an f64 per input: its watermark, and how far it holds back the merged one (+Infinity: not at all). */
  readonly own: number
  readonly held: number
  readonly count: number
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #inputs: BatchInputs | undefined
  readonly #maxBatch: number
  /** Address of the runs of a batch, laid out as in abi.ts. */
  #runs = 0

  constructor(arena: Arena, inputs: BatchInputs | undefined, maxBatch: number) {
    this.#memory = arena.memory
    this.#scope = new ArenaScope(arena)
    this.#inputs = inputs
    this.#maxBatch = maxBatch
    this.count = inputs?.count ?? 1
    this.own = this.#scope.allocate(this.count * 8)
    this.held = this.#scope.allocate(this.count * 8)
    this.#memory.f64.fill(Number.NEGATIVE_INFINITY, this.own >>> 3, (this.own >>> 3) + this.count)
    this.#memory.f64.fill(Number.NEGATIVE_INFINITY, this.held >>> 3, (this.held >>> 3) + this.count)
    // Nobody may ever push into a job that has sources.
    if (inputs !== undefined) this.leave(this.count - 1)
  }

  ownOf(input: number): number {
    return this.#memory.f64[(this.own >>> 3) + input]!
  }

  /** Whether an input takes part in the merged watermark. */
  isHeldBackBy(input: number): boolean {
    return this.#memory.f64[(this.held >>> 3) + input]! !== Number.POSITIVE_INFINITY
  }

  /** The least watermark of the inputs that hold the merged one back, but for one of them; +Infinity: there is none. */
  leastBut(but: number): number {
    const { f64 } = this.#memory
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < this.count; i++) if (i !== but) least = Math.min(least, f64[(this.held >>> 3) + i]!)
    return least
  }

  /** The least watermark of all inputs that hold the merged one back; +Infinity: there is none. */
  get least(): number {
    return this.leastBut(-1)
  }

  /** An input takes part, with rows that lead its watermark to `watermark`. */
  lead(input: number, watermark: number): void {
    const { f64 } = this.#memory
    const own = Math.max(f64[(this.own >>> 3) + input]!, watermark)
    f64[(this.own >>> 3) + input] = own
    f64[(this.held >>> 3) + input] = own
    this.merge()
  }

  /** An input takes part no more, until its next row. `merge` is to follow. */
  leave(input: number): void {
    this.#memory.f64[(this.held >>> 3) + input] = Number.POSITIVE_INFINITY
  }

  /** An input takes part never again. */
  end(input: number): void {
    this.#memory.f64[(this.own >>> 3) + input] = Number.POSITIVE_INFINITY
    this.leave(input)
    this.merge()
  }

  /** All watermarks move on by `ms`. */
  elapse(ms: number): void {
    const { f64 } = this.#memory
    for (let i = 0; i < this.count; i++) {
      f64[(this.own >>> 3) + i]! += ms
      f64[(this.held >>> 3) + i]! += ms
    }
    this.merge()
  }

  /** Leads the merged watermark to the least of those that hold it back. */
  merge(): void {
    const { least } = this
    if (least > this.merged && least < Number.POSITIVE_INFINITY) this.merged = least
  }

  /** Address of the runs listed last. */
  get runs(): number {
    return this.#runs
  }

  /** The input of a run listed last. */
  inputOf(run: number): number {
    return this.#memory.u32[(this.#runs + run * INPUT_RUN_BYTES + INPUT_RUN_INPUT) >>> 2]!
  }

  /** Lists the runs of rows of a batch that came in by one input, and returns how many there are: at least one. */
  listRuns(batch: RecordBatch): number {
    if (this.#runs === 0) this.#runs = this.#scope.allocate((this.#maxBatch + 1) * INPUT_RUN_BYTES)
    const { u32 } = this.#memory
    const { length, selection, selectedCount, origin } = batch
    const inputs = this.#inputs
    let [count, end, position] = [0, 0, 0]
    const add = (start: number, input: number): void => {
      const last = (this.#runs + (count - 1) * INPUT_RUN_BYTES) >>> 2
      if (count > 0 && u32[last + (INPUT_RUN_INPUT >>> 2)] === input) {
        u32[last + (INPUT_RUN_END >>> 2)] = end
        return
      }
      const run = (this.#runs + count++ * INPUT_RUN_BYTES) >>> 2
      u32[run + (INPUT_RUN_START >>> 2)] = start
      u32[run + (INPUT_RUN_END >>> 2)] = end
      u32[run + (INPUT_RUN_INPUT >>> 2)] = input
    }
    for (let run = 0, runs = inputs?.runCount ?? 1; run < runs; run++) {
      const start = end
      end = run === runs - 1 ? length : this.#rowsBefore(inputs!.endOf(run), origin, end, length)
      const input = inputs?.inputOf(run) ?? 0
      if (selection === 0) {
        if (end > start) add(start, input)
        continue
      }
      // Rows a filter above took out make no input take part.
      const first = position
      while (position < selectedCount && u32[(selection >>> 2) + position]! < end) position++
      if (position > first) add(u32[(selection >>> 2) + first]!, input)
    }
    u32[(this.#runs + (count - 1) * INPUT_RUN_BYTES + INPUT_RUN_END) >>> 2] = length
    return count
  }

  /** How many numbers say where all watermarks are. */
  get standLength(): number {
    return 1 + this.count * 2
  }

  writeStand(to: Float64Array, at: number): void {
    const { f64 } = this.#memory
    to[at] = this.merged
    for (let i = 0; i < this.count; i++) {
      to[at + 1 + i] = f64[(this.own >>> 3) + i]!
      to[at + 1 + this.count + i] = f64[(this.held >>> 3) + i]!
    }
  }

  readStand(from: Float64Array, at: number): void {
    const { f64 } = this.#memory
    this.merged = from[at]!
    for (let i = 0; i < this.count; i++) {
      f64[(this.own >>> 3) + i] = from[at + 1 + i]!
      f64[(this.held >>> 3) + i] = from[at + 1 + this.count + i]!
    }
  }

  snapshot(writer: StateWriter): void {
    writer.u32(this.count)
    writer.f64(this.merged)
    writer.words(this.#memory.u32, this.own >>> 2, this.count * 2)
    writer.words(this.#memory.u32, this.held >>> 2, this.count * 2)
  }

  /** Takes over the watermarks of as many inputs. */
  restore(reader: StateReader): void {
    const count = reader.count(16)
    if (count !== this.count)
      throw checkpointMismatch(`the state is of ${count} inputs and there are ${this.count}`, { value: count })
    this.merged = reader.time()
    for (const address of [this.own, this.held])
      for (let input = 0; input < count; input++) this.#memory.f64[(address >>> 3) + input] = reader.time()
  }

  close(): void {
    this.#scope.release()
  }

  /** The first row from `from` on that stems from source row `sourceRow` or one behind it. */
  #rowsBefore(sourceRow: number, origin: number, from: number, length: number): number {
    if (origin === 0) return Math.min(sourceRow, length)
    const { u32 } = this.#memory
    let row = from
    while (row < length && u32[(origin >>> 2) + row]! < sourceRow) row++
    return row
  }
}
