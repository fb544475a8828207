import type { Section } from '../checkpoint/checkpoint-format.ts'
import { decodeCheckpoint } from '../checkpoint/decode-checkpoint.ts'
import { encodeCheckpoint } from '../checkpoint/encode-checkpoint.ts'
import { restoreParts, restoreSections, sectionsOf } from '../checkpoint/named-state.ts'
import { ErrorPolicyRunner } from '../connector/error-policy-runner.ts'
import type { Engine } from '../kernels/engine.ts'
import { Arena, ArenaScope } from '../memory/arena.ts'
import { BatchView } from '../memory/batch-view.ts'
import { ColumnBuffers, dictionariesOf } from '../memory/column-buffers.ts'
import { RowReader } from '../memory/row-reader.ts'
import { RowWriter } from '../memory/row-writer.ts'
import { buildChain } from '../operators/build-chain.ts'
import type { Chain, ChainParts } from '../operators/chain.ts'
import { chainStates } from '../operators/chain-state.ts'
import type { InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../operators/operator.ts'
import { ProjectOperator } from '../operators/project.ts'
import { buildRowStage } from '../operators/row-stage.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import { sourceScope } from '../plan/plan-scope.ts'
import { stageTimers } from '../runtime/stage-timers.ts'
import { VirtualClock } from '../time/virtual-clock.ts'
import { type Arrival, ReluctantEnd } from './reluctant-end.ts'

/** How an instance runs. None of it may matter to what comes out. */
interface InstanceOptions {
  /** Its memory is all zeros, and nobody else's meanwhile. */
  readonly engine: Engine
  /** Rows of the longest batch. */
  readonly maxBatch: number
  readonly maxKeys: number
  /** Every how many calls the ends of the chain are full; 0: never. */
  readonly fullEvery: number
  /** What the clock shows at first. */
  readonly startMs: number
  /** Which rows are its own, where it is one of several replicas. */
  readonly partition?: ChainParts['partition']
}

const MOST_RESUMES = 100_000

/**
 * The operators of a plan over batches of rows, with no ring and no job around them: a caller that keeps to the contract
 * of operators above, ends that check it below, and a clock that moves when told to.
 */
export class ChainInstance {
  readonly clock: VirtualClock
  readonly #chain: Chain
  readonly #ends = new Map<string, ReluctantEnd>()
  readonly #names = new Map<string, readonly string[]>()
  readonly #buffers: ColumnBuffers
  /** Made when there are rows: many an instance is only restored. */
  #writer: RowWriter | undefined
  readonly #makeWriter: () => RowWriter
  readonly #batch: BatchView
  #failure: { readonly error: unknown } | undefined

  constructor(plan: LogicalPlan, options: InstanceOptions) {
    const { maxBatch, maxKeys, fullEvery, startMs, partition } = options
    const { memory, kernels } = options.engine
    const arena = new Arena(memory)
    this.clock = new VirtualClock(startMs)
    const { fields } = sourceScope(plan).schema
    const dictionaries = dictionariesOf(fields, maxKeys)
    const made = [...dictionaries]
    const timers = stageTimers(this.clock, { timerDue: (stage, atMs) => this.#settle(stage.timerDue(atMs)) })
    const listener = {
      ready() {},
      failed: (error: unknown): void => {
        this.#failure ??= { error }
      },
    }
    this.#chain = buildChain(
      plan.nodes,
      fields.map(({ name, type }, i) => ({ name, type, dictionary: dictionaries[i] })),
      {
        context: { kernels, arena, maxBatch, maxCodes: maxKeys },
        maxKeys,
        timers,
        stopwatch: undefined,
        partition,
        sink: (columns, branch) => this.#end(new RowReader({ memory, fields: columns }), columns, branch, fullEvery),
        rows: (node, columns, next, behind) => {
          const stage = buildRowStage(node, columns, {
            arena,
            maxBatch,
            reader: new RowReader({ memory, fields: columns }),
            policy: new ErrorPolicyRunner({ stage: node.name, policy: 'fail', clock: this.clock }),
            listener,
            timers,
            maxCodes: maxKeys,
            next,
            behind,
          })
          made.push(...stage.dictionaries)
          return stage.operator
        },
      },
    )
    this.#buffers = new ColumnBuffers(new ArenaScope(arena), fields, maxBatch)
    this.#makeWriter = () => new RowWriter({ memory, target: { columns: this.#buffers }, fields, dictionaries })
    this.#batch = new BatchView(this.#buffers.types, dictionaries)
    for (const operator of this.#chain.operators)
      if (operator instanceof ProjectOperator) made.push(...operator.dictionaries)
    for (const dictionary of made) {
      dictionary?.addOwner(mark => {
        for (const [i, { values }] of this.#batch.columns.entries()) {
          if (dictionaries[i] !== dictionary) continue
          for (let row = 0; row < maxBatch; row++) mark(memory.u32[(values >>> 2) + row]!)
        }
        this.#chain.head.markCodes(dictionary, mark)
      })
    }
    this.#batch.show(this.#buffers, 0, 0)
  }

  /** What arrived, by end: '' is the end of the chain, the others are branches. */
  get arrivals(): ReadonlyMap<string, readonly Arrival[]> {
    return new Map([...this.#ends].map(([branch, { arrivals }]) => [branch, arrivals]))
  }

  /** Columns by end. */
  get names(): ReadonlyMap<string, readonly string[]> {
    return this.#names
  }

  /** Moves the clock on and lets happen what is due. */
  advanceTo(timeMs: number): void {
    this.clock.advanceTo(timeMs)
    this.#throwFailure()
  }

  /** Sends one batch through. @throws EventfluxError `EVENT_INVALID` for a row that doesn't fit the schema. */
  process(rows: readonly unknown[]): void {
    const writer = (this.#writer ??= this.#makeWriter())
    if (writer.writeRows(rows, 0, rows.length, 0) < rows.length) throw writer.lastError()
    this.#batch.show(this.#buffers, 0, rows.length)
    this.#batch.columns.forEach((column, i) => {
      column.validity = this.#buffers.validity[i]!
    })
    this.#settle(this.#chain.head.process(this.#batch))
  }

  /** Ends the input. */
  end(): void {
    this.#settle(this.#chain.head.advanceWatermark(Number.POSITIVE_INFINITY))
  }

  snapshot(): Uint8Array {
    return encodeCheckpoint(this.sections())
  }

  restore(bytes: Uint8Array): void {
    this.restoreSections(decodeCheckpoint(bytes).sections)
  }

  /** The states of the operators, under no checksum. */
  sections(): readonly Section[] {
    return sectionsOf(chainStates(this.#chain))
  }

  restoreSections(sections: readonly Section[]): void {
    restoreSections(chainStates(this.#chain), sections)
  }

  /** Takes over from each part of a state what is its own. */
  restoreParts(parts: readonly Uint8Array[]): void {
    restoreParts(
      chainStates(this.#chain),
      parts.map(bytes => decodeCheckpoint(bytes).sections),
    )
  }

  close(): void {
    this.#chain.head.close()
  }

  #end(reader: RowReader, columns: readonly InputColumn[], branch = '', fullEvery: number): Operator {
    const names = columns.map(({ name }) => name)
    const end = new ReluctantEnd(batch => {
      const rows: Record<string, unknown>[] = []
      reader.readRows(batch, rows)
      return rows.map(row => names.map(name => row[name]))
    }, fullEvery)
    this.#ends.set(branch, end)
    this.#names.set(branch, names)
    return end
  }

  #settle(isThrough: boolean): void {
    let left = MOST_RESUMES
    for (let goesOn = isThrough; !goesOn; goesOn = this.#chain.head.resume()) {
      this.#throwFailure()
      if (left-- === 0) throw new Error('the chain never got through')
    }
    this.#throwFailure()
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
