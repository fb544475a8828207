import { formatExpression } from '../expression/format.ts'
import { formatDuration } from '../time/duration.ts'
import { describeRowWindow } from '../time/row-windows.ts'
import { describeWindow } from '../time/windows.ts'
import { describeLink } from './link-options.ts'
import type { FieldSpec, LogicalNode, LogicalPlan, RowWindowNode, WindowOrderNode } from './logical-node.ts'
import { describeOutput } from './output-rate.ts'
import { fieldSpecs, scopesOf, sourceScope } from './plan-scope.ts'
import { unreadColumns } from './required-columns.ts'
import { describeWatermarks } from './watermarks.ts'

/**
 * A plan as text: one line a step, from source to result.
 *
 * @param notes What else is known of each step, by its position: shown in lines of their own below it.
 * @param threads On which threads it runs, where that is worth a line.
 */
export function explainPlan(
  plan: LogicalPlan,
  notes: readonly (string | readonly string[] | undefined)[],
  threads?: string,
): string {
  const scopes = scopesOf(plan.nodes, sourceScope(plan))
  const lines = [...(threads === undefined ? [] : [line('threads', threads)]), line('source', fieldList(plan.source))]
  lines.push(...notesBelow(unkeptTexts(plan)))
  for (const [i, node] of plan.nodes.entries()) {
    if (plan.stages?.includes(i)) {
      const link = plan.links?.find(({ at }) => at === i)
      lines.push(link === undefined ? 'stage' : line('stage', describeLink(link)))
    }
    lines.push(...describeNamed(node))
    lines.push(...notesBelow([notes[i] ?? []].flat()))
  }
  return [...lines, line('result', fieldList(fieldSpecs(scopes.at(-1)!.schema)))].join('\n')
}

const WIDTH = 12
const notesBelow = (notes: readonly string[]) => notes.map(note => `${' '.repeat(WIDTH)}· ${note}`)
const line = (op: string, text: string) => `${op.padEnd(WIDTH)}${text}`
const fieldList = (fields: readonly FieldSpec[]) =>
  fields.map(({ name, type, nullable }) => `${name} ${type}${nullable ? '?' : ''}`).join(', ')

function unkeptTexts(plan: LogicalPlan): readonly string[] {
  const unread = unreadColumns(sourceScope(plan).schema, plan.nodes)
  const texts = plan.source.filter(({ name, type }) => type === 'utf8' && unread.has(name))
  return texts.length === 0 ? [] : [`not kept, since no step reads it: ${texts.map(({ name }) => name).join(', ')}`]
}

function describeNamed(node: LogicalNode): string[] {
  const [first, ...others] = describe(node)
  return node.id === undefined ? [first!, ...others] : [`${first} (named ${node.id})`, ...others]
}

function describe(node: LogicalNode): string[] {
  switch (node.op) {
    case 'eventTime': {
      const { column, watermarks, allowedLatenessMs, idlenessMs, maxFutureSkewMs } = node
      const late = `late by up to ${formatDuration(allowedLatenessMs)}`
      const idle = idlenessMs === undefined ? [] : [`inputs idle after ${formatDuration(idlenessMs)}`]
      const ahead =
        maxFutureSkewMs === undefined ? [] : [`at most ${formatDuration(maxFutureSkewMs)} ahead of the clock`]
      return [line('eventTime', [column, describeWatermarks(watermarks), late, ...idle, ...ahead].join(', '))]
    }
    case 'processingTime':
      return [line('time', `${node.column}, by the clock: when a row is worked on`)]
    case 'filter':
      return [line('filter', formatExpression(node.predicate))]
    case 'project':
      return [
        line(
          'project',
          node.columns.map(({ name, expression }) => named(name, formatExpression(expression))).join(', '),
        ),
      ]
    case 'windowAggregate': {
      const { window, keys, results } = node
      return [
        line('window', `${describeWindow(window)}${keys.length > 0 ? ` by ${keys.join(', ')}` : ''}`),
        line('aggregate', results.map(({ name, result }) => named(name, formatExpression(result))).join(', ')),
      ]
    }
    case 'rowWindow':
      return describeRowWindowNode(node)
    case 'topRows':
      return [line('window', describeWindow(node.window)), line('rows', describeOrder(node))]
    case 'windowOrder':
      return [line('order', describeOrder(node))]
    case 'output':
      return [line('output', describeOutput(node))]
    case 'filterRows':
      return [line(node.op, node.name)]
    case 'mapRows':
    case 'process':
      return [line(node.op, `${node.name} → ${fieldList(node.output)}`)]
    case 'tee':
      return [line('tee', node.name), ...node.plan.flatMap(describeNamed).map(text => `  │ ${text}`)]
  }
}

function describeRowWindowNode(node: RowWindowNode): string[] {
  const { window, keys, groupBy, results, having, order = [], offset = 0, limit } = node
  const isOrdered = order.length > 0 || offset > 0 || limit !== undefined
  const shown = results.map(each =>
    named(each.name, formatExpression('result' in each ? each.result : each.expression)),
  )
  return [
    line('window', `${describeRowWindow(window)}${keys.length > 0 ? ` by ${keys.join(', ')}` : ''}`),
    ...(groupBy.length > 0 ? [line('groupBy', groupBy.join(', '))] : []),
    line('rows', shown.join(', ')),
    ...(having === undefined ? [] : [line('having', formatExpression(having))]),
    ...(isOrdered
      ? [
          line(
            'order',
            describeOrder({ by: [], order, offset, ties: 'drop', ...(limit !== undefined && { limit }) }, 'chunk'),
          ),
        ]
      : []),
  ]
}

function describeOrder({ by, order, offset, limit, ties, rank }: Omit<WindowOrderNode, 'op'>, of = 'window'): string {
  const terms = order.map(({ expression, direction }) => `${formatExpression(expression)} ${direction}`)
  return [
    terms.length === 0 ? 'as they come' : terms.join(', '),
    ...(by.length === 0 ? [] : [`by ${by.join(', ')}`]),
    ...(offset === 0 ? [] : [`without the first ${offset}`]),
    ...(limit === undefined ? [] : [`the first ${limit} of each ${of}`]),
    ...(ties === 'keep' ? ['with ties'] : []),
    ...(rank === undefined ? [] : [`ranks in ${rank}`]),
  ].join('; ')
}

const named = (name: string, text: string) => (name === text ? name : `${name} = ${text}`)
