import type { ExpressionNode } from '../../src/expression/node.ts'
import type { LogicalNode, LogicalPlan, WindowOrderNode } from '../../src/plan/logical-node.ts'
import {
  eventTimeNode,
  filterNode,
  makePlan,
  projectNode,
  rowsNode,
  teeNode,
  windowAggregateNode,
} from '../../src/plan/make-node.ts'
import { outputNode } from '../../src/plan/output-rate.ts'
import { fieldSpecs, type PlanScope, scopeAfter } from '../../src/plan/plan-scope.ts'
import { boundedOutOfOrderness, type WatermarkSpec } from '../../src/plan/watermarks.ts'
import { topRowsNode, windowOrderNode } from '../../src/plan/window-order.ts'
import { bool, f32, f64, i32, i64, storedName, timestamp, u32, utf8 } from '../../src/schema/data-type.ts'
import { type Schema, schema } from '../../src/schema/schema.ts'
import { expressionOf, KINDS, resultOf } from './expression-arbitraries.ts'
import type { Row, Value } from './scalar-interpreter.ts'
import type { Tape } from './tape.ts'

/** A source with a column of every type, with and without null. */
export const everyType = schema({
  time: timestamp(),
  d: f64(),
  dn: f64().nullable(),
  s: f32(),
  i: i32(),
  in: i32().nullable(),
  u: u32(),
  l: i64(),
  ln: i64().nullable(),
  b: bool(),
  bn: bool().nullable(),
  t: timestamp().nullable(),
  x: utf8(),
  xn: utf8().nullable(),
})

const NUMBERS = [0, 1, -1, 2.5, -0, 1e9, -3, Number.NaN, Number.POSITIVE_INFINITY, 0.1, 2 ** 31, -(2 ** 53)]
const VALUES = {
  f64: NUMBERS,
  f32: NUMBERS.map(Math.fround),
  i32: [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 7],
  u32: [0, 1, 2 ** 32 - 1, 7],
  i64: [0n, 1n, -1n, 2n ** 62n, -(2n ** 63n), 5n],
  bool: [false, true],
  timestamp: [0, 1, -1, 999, 1_000, 86_400_000],
  utf8: ['', 'a', 'b', 'abc', 'ü'],
} as const

/** Rows of `everyType`, with times that wander forwards and backwards. */
export function rowsOf(tape: Tape, count: number): Row[] {
  let time = -2_000
  return Array.from({ length: count }, () => {
    time += tape.below(700) - 200
    const row: Row = {}
    for (const { name, type } of everyType.fields) {
      if (name === 'time') row[name] = time
      else if (type.isNullable && tape.below(3) === 2) row[name] = null
      else row[name] = tape.pick<Value>(VALUES[storedName(type)])
    }
    return row
  })
}

/** How many names were given so far: every new one is new. */
interface Names {
  branches: number
  columns: number
}

export interface PlanOptions {
  /** Whether steps may hold JavaScript functions. */
  readonly functions?: boolean
}

/** A plan over `everyType` that is right in all its types. */
export function planOf(tape: Tape, options: PlanOptions = {}): LogicalPlan {
  const names = { branches: 0, columns: 0 }
  const start = { schema: everyType, eventTime: undefined }
  return makePlan(fieldSpecs(everyType), stepsOf(tape, start, tape.below(7), names, options))
}

function stepsOf(tape: Tape, from: PlanScope, count: number, names: Names, options: PlanOptions): LogicalNode[] {
  const nodes: LogicalNode[] = []
  let scope = from
  for (let i = 0; i < count; i++) {
    const node = stepOf(tape, scope, names, options)
    if (node === undefined) continue
    scope = scopeAfter(scope, node)
    nodes.push(node)
  }
  return nodes
}

function stepOf(tape: Tape, scope: PlanScope, names: Names, options: PlanOptions): LogicalNode | undefined {
  const { schema: columns, eventTime, isResultTime, results } = scope
  if (results !== undefined && results.again === undefined && tape.below(2) === 0)
    return orderStep(tape, columns, names)
  switch (tape.below(12)) {
    case 0:
    case 1:
    case 2:
      return filterNode(expressionOf('bool', columns, tape))
    case 3:
    case 4:
      return projectNode(scope, projection(tape, scope, names))
    case 5:
    case 6:
    case 7:
    case 8:
      if (eventTime === undefined || (isResultTime && tape.below(3) === 2)) return timeStep(tape, scope)
      return (tape.below(4) === 0 ? topRowsStep(tape, scope, names) : undefined) ?? windowStep(tape, scope, names)
    case 9:
      return outputStep(tape, columns)
    case 10:
      if (names.branches > 2) return undefined
      return teeNode(`branch${++names.branches}`, stepsOf(tape, scope, tape.below(4), names, options))
    default: {
      if (options.functions !== true) return undefined
      const name = columns.fields[0]!.name
      const keeps = (row: Row) => String(row[name]).length % 2 === 0
      return rowsNode('filterRows', keeps, fieldSpecs(columns), 'evenLength')
    }
  }
}

/** Output by counted rows. */
function outputStep(tape: Tape, { fields }: Schema): LogicalNode {
  const which = tape.pick(['all', 'first', 'last'] as const)
  const by = fields.filter(({ type }) => type.name !== 'object' && tape.below(5) === 4).map(({ name }) => name)
  return outputNode({ which, rows: 1 + tape.below(5), by: which === 'all' ? [] : by })
}

/** An order, a limit, or both. */
function orderStep(tape: Tape, columns: Schema, names: Names): LogicalNode {
  const order = Array.from({ length: tape.below(3) }, () => ({
    expression: expressionOf(tape.pick(KINDS), columns, tape),
    direction: tape.pick(['asc', 'desc'] as const),
  }))
  const isRanked = order.length > 0 && tape.below(2) === 0
  const by = columns.fields.filter(({ type }) => type.name !== 'object' && tape.below(5) === 4).map(({ name }) => name)
  const limit = tape.below(2) === 0 ? undefined : 1 + tape.below(4)
  const keepsTies = isRanked && limit !== undefined && tape.below(2) === 0
  return windowOrderNode({
    order,
    by,
    limit,
    offset: keepsTies ? 0 : tape.below(3),
    ties: keepsTies ? 'keep' : 'drop',
    rank: isRanked ? `rank${++names.columns}` : undefined,
  })
}

/** The first rows of windows, where none may come late and be taken. */
function topRowsStep(tape: Tape, scope: PlanScope, names: Names): LogicalNode | undefined {
  const { schema: columns, allowedLatenessMs = 0 } = scope
  if (allowedLatenessMs > 0 || columns.fields.some(({ name }) => name.startsWith('window'))) return undefined
  const { op: _, ...order } = orderStep(tape, columns, names) as WindowOrderNode
  if (order.order.length === 0) return undefined
  const sizeMs = 1 + tape.below(1_500)
  const slideMs = 1 + tape.below(sizeMs)
  const window =
    tape.below(2) === 0
      ? { kind: 'tumbling', sizeMs, offsetMs: 0 }
      : { kind: 'hopping', sizeMs, slideMs: Math.max(slideMs, Math.ceil(sizeMs / 4)), offsetMs: 0 }
  return topRowsNode(window, order)
}

function timeStep(tape: Tape, { schema: columns }: PlanScope): LogicalNode | undefined {
  const times = columns.fields.filter(({ type }) => type.name === 'timestamp' && !type.isNullable)
  if (times.length === 0) return undefined
  return eventTimeNode({
    column: tape.pick(times).name,
    watermarks: watermarksOver(tape, columns),
    allowedLatenessMs: tape.below(2) * tape.below(800),
  })
}

function watermarksOver(tape: Tape, columns: Schema): WatermarkSpec {
  if (tape.below(3) > 0) return boundedOutOfOrderness(tape.below(300))
  const type = tape.pick(['bool', 'timestamp'] as const)
  return { kind: 'punctuated', expression: expressionOf(type, columns, tape) }
}

function windowStep(tape: Tape, { schema: columns }: PlanScope, names: Names): LogicalNode {
  const keys = columns.fields.filter(
    ({ name, type }) => !name.startsWith('window') && type.name !== 'object' && tape.below(4) === 3,
  )
  const sizeMs = 1 + tape.below(1_500)
  return windowAggregateNode(
    keys.slice(0, 3).map(({ name }) => name),
    { kind: 'tumbling', sizeMs, offsetMs: tape.below(sizeMs) },
    Array.from({ length: 1 + tape.below(4) }, () => ({ name: `r${++names.columns}`, result: resultOf(columns, tape) })),
  )
}

/** Columns that take over, rename, swap names with, or compute from those there are. */
function projection(tape: Tape, { schema: columns, eventTime, isResultTime }: PlanScope, names: Names) {
  const projected = new Map<string, ExpressionNode>()
  // The time of results ends where a projection leaves it out, or puts something else in its place.
  if (isResultTime && tape.below(2) === 0) projected.set(eventTime!, { kind: 'column', name: eventTime! })
  for (let i = 1 + tape.below(6); i > 0; i--) {
    const named = tape.pick(columns.fields).name
    const name =
      (named === eventTime && (!isResultTime || projected.has(named))) || tape.below(2) === 0
        ? `c${++names.columns}`
        : named
    const old = tape.pick(columns.fields).name
    const column = { kind: 'column', name: old } as const
    projected.set(name, tape.below(2) === 0 ? column : expressionOf(tape.pick(KINDS), columns, tape))
  }
  return [...projected].map(([name, expression]) => ({ name, expression }))
}
