import { ErrorPolicyRunner } from '../../src/connector/error-policy-runner.ts'
import { RowReader } from '../../src/memory/row-reader.ts'
import { buildChain } from '../../src/operators/build-chain.ts'
import type { CountingOperator } from '../../src/operators/chain.ts'
import type { InputColumn } from '../../src/operators/evaluator/evaluation-frame.ts'
import type { Operator } from '../../src/operators/operator.ts'
import { buildRowStage } from '../../src/operators/row-stage.ts'
import type { LogicalNode, LogicalPlan, RowsNode } from '../../src/plan/logical-node.ts'
import { type Arrival, ReluctantEnd } from '../../src/testing/reluctant-end.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import type { Row, Value } from '../plan/scalar-interpreter.ts'
import { BatchFixture, type EngineName } from './batch-fixture.ts'

export interface ChainRun {
  /** What arrived, by end: '' is the end of the chain, the others are branches. */
  readonly arrivals: Readonly<Record<string, readonly Arrival[]>>
  /** Times some end said that it was full. */
  readonly refusals: number
}

const MAX_RESUMES = 100_000

/**
 * Runs the operators of a plan over batches of rows, with no ring and no job around them: a caller that keeps to the
 * contract above, ends that check it below.
 */
export function runChain(
  plan: LogicalPlan,
  batches: readonly (readonly Row[])[],
  options: { engine: EngineName; maxBatch: number; fullEvery: number },
): ChainRun {
  const { engine, maxBatch, fullEvery } = options
  const types = Object.fromEntries(
    plan.source.map(({ name, type, nullable }) => [name, nullable ? (`${type}?` as const) : type]),
  )
  const fixture = new BatchFixture(engine, types, maxBatch)
  const { context, columns } = fixture
  const ends = new Map<string, ReluctantEnd>()
  const end = (of: readonly InputColumn[], branch = ''): Operator => {
    const reader = new RowReader({ memory: fixture.memory, fields: of })
    const made = new ReluctantEnd(batch => {
      const rows: Record<string, unknown>[] = []
      reader.readRows(batch, rows)
      return rows.map(row => of.map(({ name }) => row[name] as Value))
    }, fullEvery)
    ends.set(branch, made)
    return made
  }
  const timers = { now: () => 0, at: () => () => {} }
  const rows = (
    node: RowsNode,
    of: readonly InputColumn[],
    next: (columns: readonly InputColumn[]) => Operator,
    behind: readonly LogicalNode[],
  ): CountingOperator => {
    const policy = new ErrorPolicyRunner({ stage: node.name, policy: 'fail', clock: new VirtualClock() })
    const reader = new RowReader({ memory: fixture.memory, fields: of })
    const listener = { ready() {}, failed() {} }
    const { arena } = context
    const parts = { arena, maxBatch, reader, policy, listener, timers, maxCodes: 10_000, next, behind }
    return buildRowStage(node, of, parts).operator
  }
  const parts = { context, maxKeys: 10_000, timers, stopwatch: undefined, sink: end, rows }
  const { head } = buildChain(plan.nodes, columns, parts)
  const settle = (isThrough: boolean): void => {
    if (isThrough) return
    for (let i = 0; i < MAX_RESUMES; i++) if (head.resume()) return
    throw new Error('the chain never got through')
  }
  for (const batch of batches) settle(head.process(fixture.write(batch)))
  settle(head.advanceWatermark(Number.POSITIVE_INFINITY))
  head.close()
  let refusals = 0
  for (const each of ends.values()) refusals += each.refusals
  return { arrivals: Object.fromEntries([...ends].map(([branch, { arrivals }]) => [branch, arrivals])), refusals }
}
