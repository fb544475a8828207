import { checkAnswer } from '../connector/check-processor.ts'
import type { ErrorPolicyRunner } from '../connector/error-policy-runner.ts'
import { rowAt } from '../kernels/rows.ts'
import { type Arena, ArenaScope } from '../memory/arena.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { RowReader } from '../memory/row-reader.ts'
import type { Operator } from './operator.ts'
import { PassingOperator } from './passing-operator.ts'
import { ReusedBatch } from './reused-batch.ts'
import type { StageListener } from './stage-listener.ts'

/** What the operators that run user code share. */
export interface RowStageParts {
  readonly name: string
  readonly arena: Arena
  readonly maxBatch: number
  readonly reader: RowReader
  readonly policy: ErrorPolicyRunner
  readonly listener: StageListener
  readonly next: Operator
}

/** The slow path of `filter`: asks a user function about every row, as an object. */
export class FilterRowsOperator extends PassingOperator {
  readonly name: string
  rowsIn = 0
  rowsOut = 0
  protected readonly next: Operator
  readonly #memory: LinearMemory
  readonly #scope: ArenaScope
  readonly #selection: number
  readonly #parts: RowStageParts
  readonly #keeps: (row: unknown) => unknown
  readonly #output = new ReusedBatch()
  #batch: RecordBatch | undefined
  #at = 0
  #kept = 0
  #waiting = false

  constructor(parts: RowStageParts, keeps: (row: unknown) => unknown) {
    super()
    this.name = parts.name
    this.next = parts.next
    this.#parts = parts
    this.#memory = parts.arena.memory
    this.#scope = new ArenaScope(parts.arena)
    this.#selection = this.#scope.allocate(parts.maxBatch * 4)
    this.#keeps = row => (checkAnswer(keeps(row)) ? KEEP : DROP)
  }

  notes(): readonly string[] {
    return ['a JavaScript function sees every row as an object']
  }

  process(batch: RecordBatch): boolean {
    this.rowsIn += batch.selectedCount
    this.#batch = batch
    this.#at = 0
    this.#kept = 0
    return this.#run()
  }

  override resume(): boolean {
    return super.resume() && !this.#waiting && this.#run()
  }

  override close(): void {
    super.close()
    this.#scope.release()
  }

  #run(): boolean {
    const batch = this.#batch
    if (batch === undefined) return true
    const { reader, policy } = this.#parts
    while (this.#at < batch.selectedCount) {
      const row = rowAt(this.#memory.u32, batch.selection, this.#at)
      this.#at++
      const verdict = policy.run(reader.readRow(batch, row), this.#keeps)
      if (verdict instanceof Promise) {
        this.#await(verdict, row)
        return false
      }
      if (verdict === KEEP) this.#keep(row)
    }
    this.#batch = undefined
    this.rowsOut += this.#kept
    if (this.#kept === 0) return true
    const output = this.#output
    output.assign(batch)
    output.selection = this.#selection
    output.selectedCount = this.#kept
    return this.next.process(output)
  }

  #keep(row: number): void {
    this.#memory.u32[(this.#selection >>> 2) + this.#kept++] = row
  }

  /** A retry waits, or a dead letter is on its way: the batch stays where it is until then. */
  #await(verdict: Promise<unknown>, row: number): void {
    this.#waiting = true
    verdict.then(
      answer => {
        this.#waiting = false
        if (answer === KEEP) this.#keep(row)
        this.#parts.listener.ready()
      },
      error => this.#parts.listener.failed(error),
    )
  }
}

/** Verdicts that no failed attempt (undefined) can be mistaken for. */
const KEEP = 1
const DROP = 0
