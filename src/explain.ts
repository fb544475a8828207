import { createEngineSync } from './kernels/engine.ts'
import { branchNames } from './plan/branch-names.ts'
import { resolveConfig } from './plan/config.ts'
import { explainPlan } from './plan/explain.ts'
import type { LogicalNode, LogicalPlan } from './plan/logical-node.ts'
import { optimise } from './plan/optimise.ts'
import { sourceScope } from './plan/plan-scope.ts'
import { type AssemblyParts, assemble } from './runtime/assemble.ts'
import { systemClock } from './time/clock.ts'

const DRY_RUN_MEMORY = 64 * 2 ** 20

/**
 * How a plan runs, as text: the steps as the rules leave them, and below each the kernels it calls and what bounds its
 * state. The operators are built to be asked, on the plain-TypeScript engine and over a tiny queue: nothing is compiled
 * and nothing runs.
 */
export function explainPhysical(logical: LogicalPlan): string {
  // The steps of a stage stay where they were put.
  const plan = logical.stages === undefined ? optimise(logical) : logical
  const nothing = (): void => {}
  const listener: AssemblyParts['listener'] = {
    ready: nothing,
    failed: nothing,
    rowsArrived: () => 0,
    makeRoom: nothing,
    grew: nothing,
    batchBegins: nothing,
    batchDone: nothing,
    spaceFreed: nothing,
    timerDue: nothing,
  }
  const nodes = plan.nodes.map(withoutUserCode)
  const { chain } = assemble({
    engine: createEngineSync({ engine: 'js', maxBytes: DRY_RUN_MEMORY }),
    source: sourceScope(plan).schema,
    nodes,
    config: resolveConfig({ bufferSize: 64, metrics: false }),
    options: { sinks: Object.fromEntries(branchNames(nodes).map(name => [name, []])) },
    defaultSink: () => [],
    clock: systemClock,
    streamClock: systemClock,
    signal: new AbortController().signal,
    listener,
  })
  const notes = nodes.map(node => (chain.operatorsOf.get(node) ?? []).flatMap(operator => operator.notes?.() ?? []))
  return explainPlan(plan, notes)
}

/** User functions aren't called for an explanation, nor loaded. */
function withoutUserCode(node: LogicalNode): LogicalNode {
  if (node.op === 'tee') return { ...node, plan: node.plan.map(withoutUserCode) }
  if (node.op === 'process') return { ...node, fn: () => ({ process() {} }) }
  if (node.op === 'filterRows' || node.op === 'mapRows') return { ...node, fn: () => ({}) }
  return node
}
