import { EventfluxError } from '../errors.ts'
import type { ExpressionNode } from '../expression/node.ts'
import { whyNotBehindShards } from './behind-shards.ts'
import type { LogicalNode, LogicalPlan } from './logical-node.ts'
import { planToJSON } from './plan-to-json.ts'
import { type ResultOrder, type TotalOrder, totalOrderOf } from './total-order.ts'

/** How the rows of a stream are dealt out to replicas of a plan. */
export interface Partitioning {
  /** Rows are dealt out before this step; each replica does all of the steps above it, over all rows. */
  readonly before: number
  /** The columns whose values decide, as they are called there. */
  readonly keys: readonly string[]
  /** The replicas do the steps before this one; those from it on go by the results of all. */
  readonly end: number
  /** How results are put into the order of one thread, where they are. */
  readonly order?: TotalOrder
}

/**
 * Where the rows of a plan are dealt out, if every step can be done key by key. A plan without keys can't be dealt out, nor
 * one whose first steps are functions that would have to run for every row in every shard.
 *
 * @param order Of the results: a further window behind one that is dealt out sees all of them where they are in one.
 * @returns Why not, where that can't be done.
 */
export function partitioningOf(plan: LogicalPlan, order: ResultOrder): Partitioning | { readonly reason: string } {
  const { nodes } = plan
  if (nodes.some(({ op }) => op === 'processingTime'))
    return { reason: 'rows get their time from one clock, in the order they come' }
  const keyed = nodes.findIndex(node => node.op === 'windowAggregate' || node.op === 'rowWindow')
  const stopper = nodes.slice(0, keyed < 0 ? nodes.length : keyed).find(needsAllRows)
  if (stopper !== undefined) return { reason: `${stopper.op} sees the rows of all keys` }
  if (keyed < 0) return { reason: 'no step goes by keys' }
  const keys = keysOf(nodes[keyed]!)
  const first = nodes[keyed]!
  if (first.op === 'rowWindow' && (first.order ?? first.offset ?? first.limit) !== undefined)
    return { reason: `the ${first.window.kind} window orders the rows of all keys that come out together` }
  if (keys.length === 0) return { reason: `the ${windowKind(nodes[keyed]!)} window has no key` }
  const partitioning = earliest(nodes, keyed, keys)
  const above = nodes.slice(0, partitioning.before).find(node => node.op === 'filterRows' || node.op === 'mapRows')
  if (above !== undefined)
    return { reason: `${above.op} would run for every row in every worker: its keys come from it` }
  const end = order === 'global' ? endOfOrdered(nodes, keyed) : endOfShards(nodes, keyed, keys)
  const total = order === 'global' ? totalOrderOf(plan, partitioning.before, end) : undefined
  if (total !== undefined && 'reason' in total) return total
  const behind = end < nodes.length ? whyNotBehindShards(plan, end, total !== undefined) : undefined
  if (behind !== undefined) return { reason: behind }
  const isSent = withoutFunctions({ ...plan, nodes: nodes.slice(0, end) })
  return isSent ?? { ...partitioning, end, ...(total && { order: total }) }
}

/** Why a plan can't be sent to another thread; undefined: it can. */
export function withoutFunctions(plan: LogicalPlan): { readonly reason: string } | undefined {
  try {
    planToJSON(plan)
    return undefined
  } catch (error) {
    if (error instanceof EventfluxError) return { reason: error.message }
    throw error
  }
}

/** Steps that no replica can do by itself over some of the rows. */
const needsAllRows = ({ op }: LogicalNode): boolean =>
  op === 'process' || op === 'tee' || op === 'windowOrder' || op === 'topRows' || op === 'output'

const keysOf = (node: LogicalNode): readonly string[] =>
  node.op === 'windowAggregate' || node.op === 'rowWindow' ? node.keys : []

const windowKind = (node: LogicalNode): string =>
  node.op === 'windowAggregate' || node.op === 'rowWindow' ? node.window.kind : node.op

/** As early as the keys are there behind the event time, else right before the window. */
function earliest(nodes: readonly LogicalNode[], keyed: number, keys: readonly string[]): Omit<Partitioning, 'end'> {
  let before = keyed
  let names = keys
  for (let at = keyed - 1; at >= 0; at--) {
    const node = nodes[at]!
    // Time is what all rows say together.
    if (node.op === 'eventTime') break
    if (node.op === 'project') {
      const sources = names.map(name => sourceOf(node.columns.find(column => column.name === name)?.expression))
      if (sources.some(source => source === undefined)) break
      names = sources as string[]
    } else if (node.op === 'mapRows') break
    before = at
  }
  const time = nodes.findIndex(node => node.op === 'eventTime')
  return before > time ? { before, keys: names } : { before: keyed, keys }
}

const sourceOf = (expression: ExpressionNode | undefined): string | undefined =>
  expression?.kind === 'column' ? expression.name : undefined

/** The first step behind the keyed one that can't be done row by row. */
function endOfOrdered(nodes: readonly LogicalNode[], keyed: number): number {
  const at = nodes.findIndex((node, i) => i > keyed && !isByRows(node))
  return at < 0 ? nodes.length : at
}

const isByRows = ({ op }: LogicalNode): boolean =>
  op === 'filter' || op === 'filterRows' || op === 'mapRows' || op === 'project'

/** The first step behind the keyed one that can't be done key by key. */
function endOfShards(nodes: readonly LogicalNode[], keyed: number, keys: readonly string[]): number {
  let names: readonly (string | undefined)[] = keys
  for (let at = keyed + 1; at < nodes.length; at++) {
    const node = nodes[at]!
    const isOfTheSameKeys =
      node.op === 'windowAggregate' && names.every(name => name !== undefined && node.keys.includes(name))
    if (!isByRows(node) && !isOfTheSameKeys) return at
    names = namesBehind(node, names)
  }
  return nodes.length
}

/** What columns are called behind a step; undefined: they are gone. */
function namesBehind(node: LogicalNode, names: readonly (string | undefined)[]): readonly (string | undefined)[] {
  if (node.op === 'mapRows') return names.map(() => undefined)
  if (node.op !== 'project') return names
  return names.map(name => node.columns.find(({ expression }) => sourceOf(expression) === name)?.name)
}

/** The column of the source that a column behind some steps is; undefined: it is made on the way. */
export function sourceColumn(nodes: readonly LogicalNode[], name: string): string | undefined {
  let source: string | undefined = name
  for (const node of [...nodes].reverse()) {
    if (node.op === 'project') source = sourceOf(node.columns.find(column => column.name === source)?.expression)
    if (source === undefined) return undefined
  }
  return source
}

/** Of each window of replicas, which of its keys decided where rows went, in the order of the keys they were dealt out by. */
export function dealtKeys(nodes: readonly LogicalNode[]): ReadonlyMap<LogicalNode, readonly number[]> {
  const dealt = new Map<LogicalNode, readonly number[]>()
  let names: readonly (string | undefined)[] | undefined
  for (const node of nodes) {
    const keys = keysOf(node)
    if (node.op === 'windowAggregate' || node.op === 'rowWindow') {
      names ??= keys
      dealt.set(
        node,
        names.map(name => (name === undefined ? -1 : keys.indexOf(name))),
      )
    } else if (names !== undefined) names = namesBehind(node, names)
  }
  return dealt
}
