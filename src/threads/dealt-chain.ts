import { type TextColumn, textsOf } from '../checkpoint/text-columns-state.ts'
import { Dictionary } from '../memory/dictionary.ts'
import { buildChain } from '../operators/build-chain.ts'
import type { Chain, ChainParts, OperatorCounts } from '../operators/chain.ts'
import type { InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { EventTimeOperator } from '../operators/event-time/event-time.ts'
import type { EventTimeNode, FieldSpec, LogicalNode, WindowAggregateNode } from '../plan/logical-node.ts'
import { sourceColumn } from '../plan/partitioning.ts'
import { schemaOf } from '../plan/plan-scope.ts'
import type { Clock } from '../time/clock.ts'
import { Dealer } from './dealer.ts'
import type { FrameRing } from './frame-ring.ts'
import type { GatheredStream } from './gather.ts'
import { LentMemory } from './lent-memory.ts'
import type { ThreadListener } from './lookout.ts'
import { measuredWorker } from './measured-worker.ts'
import type { Shares } from './next-hand.ts'
import { stepsElsewhere } from './steps-elsewhere.ts'
import type { WorkerMemory } from './worker-memory.ts'
import type { WorkerPool } from './worker-pool.ts'

/** Workers that are ready, each to do the first half of a window over the batches it is dealt. */
export interface DealtPlan {
  readonly pool: WorkerPool
  /** The way to each of them. */
  readonly rings: readonly FrameRing[]
  readonly shares: Shares
  /** Their memories; undefined: their rings are no part of these. */
  readonly places: readonly (WorkerMemory | undefined)[]
  /** The step that is the window, and the columns before it. */
  readonly window: number
  readonly fields: readonly FieldSpec[]
}

/** The event time is followed here and by all of them; what is behind it each does for rows of its own. */
const DEALT_BEFORE = 1

/**
 * Makes the chain of a job whose batches are dealt out: its head follows the watermarks and deals, what the workers have of
 * a window is put together in its second half, and the steps behind are done here.
 */
export function dealtChain(
  { pool, rings, shares, places, window, fields }: DealtPlan,
  listener: ThreadListener,
  clock: Clock,
): (nodes: readonly LogicalNode[], columns: readonly InputColumn[], parts: ChainParts) => Chain {
  return (nodes, columns, parts) => {
    const { context, inputs } = parts
    const { workers } = pool
    const { shape } = workers[0]!
    const [stream] = shape.streams
    const { keys } = nodes[window] as WindowAggregateNode
    // A text has a code of its own here, apart from those rows come in with: workers know it, and windows hold it.
    const texts = textsOf(columns).map(({ name }): TextColumn => {
      return { name, dictionary: new Dictionary({ maxCodes: context.maxCodes * 2 }) }
    })
    const textOf = (name: string) => {
      const source = sourceColumn(nodes.slice(0, window), name)
      return texts.find(text => text.name === source)?.dictionary
    }
    const given = schemaOf(stream!.fields).fields.map(({ name, type }, i): InputColumn => {
      return { name, type, dictionary: i === 0 ? undefined : textOf(keys[i - 1]!) }
    })
    const before = schemaOf(fields).fields.map(({ name, type }) => ({ name, type, dictionary: textOf(name) }))
    let dealer!: Dealer
    const chain = buildChain(nodes, columns, {
      ...parts,
      elsewhere: {
        from: DEALT_BEFORE,
        to: window,
        texts,
        build(ends, behind) {
          const gathered: GatheredStream = { columns: given, to: behind(before), recordBytes: stream!.recordBytes }
          const all = workers.map(({ output }) => ({ ring: output, streams: [gathered], answers: true }))
          dealer = new Dealer(ends, all, { context, pool, rings, shares, places, listener, clock, inputs })
          return dealer
        },
        beforeBatch: () => dealer.beforeBatch(),
      },
    })
    const { column } = nodes[0] as EventTimeNode
    dealer.follow(
      chain.eventTimes[0] as EventTimeOperator,
      columns.findIndex(({ name }) => name === column),
    )
    const lentMemory = new LentMemory(pool)
    for (const { dictionary } of texts) dictionary.addOwner(mark => dealer.markCodes(dictionary, mark))
    const there = stepsElsewhere(
      shape,
      workers.map(({ cells }) => cells),
      DEALT_BEFORE,
    )
    const thereOf = (step: number): OperatorCounts[] =>
      there.operators.filter((_, at) => shape.operators[at]!.step === step)
    const [eventTime, ...here] = chain.operators
    const [prepare, first] = thereOf(window)
    const [second, ...behind] = here
    const whole: OperatorCounts = {
      name: second!.name,
      notes: () => second!.notes?.() ?? [],
      get rowsIn() {
        return first!.rowsIn
      },
      get rowsOut() {
        return second!.rowsOut
      },
    }
    const operatorsOf = new Map(chain.operatorsOf)
    for (let step = DEALT_BEFORE; step < window; step++) operatorsOf.set(nodes[step]!, thereOf(step))
    const inWindow = (operatorsOf.get(nodes[window]!) ?? []).filter(operator => operator !== second)
    operatorsOf.set(nodes[window]!, [prepare!, whole, ...inWindow])
    const timed = new Map(chain.timed)
    if (timed.has(second!)) timed.set(whole, timed.get(second!)!)
    const above = Array.from({ length: window - DEALT_BEFORE }, (_, i) => thereOf(DEALT_BEFORE + i)).flat()
    return {
      ...chain,
      operators: [eventTime!, ...above, prepare!, whole, ...behind],
      operatorsOf,
      timed,
      windows: [...there.windows, ...chain.windows],
      endInput(input) {
        const isThrough = chain.endInput(input)
        dealer.standChanged()
        return isThrough
      },
      elsewhere: {
        workers: workers.map(each => measuredWorker(each, DEALT_BEFORE)),
        links: [],
        policies: there.policies,
        takeColumns: dealer.takesColumns ? (rows, write) => dealer.takeColumns(rows, write) : undefined,
        lending: dealer.takesColumns
          ? { share: bytes => lentMemory.share(bytes), take: rows => dealer.lend(rows) }
          : undefined,
        settle: () => dealer.settle(),
        gone: pool.gone,
        layout: '',
        // Of each window there is one row, or which of its keys comes first goes by who is ahead.
        isRepeatable: keys.length === 0,
        barrier: (id, aligned) => dealer.barrier(id, aligned),
        // Everything is here when all have come to the barrier.
        statesAt: async () => ({ parts: [], pauseNs: 0 }),
        restore: async () => {},
        restarts: 0,
        lost: error => error,
      },
    }
  }
}
