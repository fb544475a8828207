import { planInvalid } from '../errors.ts'
import type { FunctionDefinition } from '../expression/function-definition.ts'
import { isModuleExport, type ModuleExport } from '../expression/module-export.ts'
import { mapFunctions } from '../expression/walk.ts'
import type { LogicalNode } from './logical-node.ts'
import { mapExpressions } from './node-expressions.ts'

/** Replaces the names of module exports by what they export. @throws EventfluxError `PLAN_INVALID` where there is none. */
export async function loadFunctions(node: LogicalNode): Promise<LogicalNode> {
  if (node.op === 'tee') return { ...node, plan: await Promise.all(node.plan.map(loadFunctions)) }
  if (node.op === 'filterRows' || node.op === 'mapRows' || node.op === 'process')
    return isModuleExport(node.fn) ? { ...node, fn: await load(node.fn, node.name) } : node
  const named = new Map<FunctionDefinition, FunctionDefinition>()
  for (const definition of functionsCalled(node))
    if (isModuleExport(definition.call))
      named.set(definition, { ...definition, call: await load(definition.call, definition.name) })
  if (named.size === 0) return node
  return mapExpressions(node, expression => mapFunctions(expression, each => named.get(each) ?? each))
}

/** The functions of the user's own that the expressions of a step call. */
export function functionsCalled(node: LogicalNode): ReadonlySet<FunctionDefinition> {
  const found = new Set<FunctionDefinition>()
  mapExpressions(node, expression => {
    mapFunctions(expression, each => {
      found.add(each)
      return each
    })
    return expression
  })
  return found
}

async function load({ module, export: name }: ModuleExport, at: string): Promise<FunctionDefinition['call']> {
  const exports = (await import(/* @vite-ignore */ module)) as Record<string, unknown>
  const fn = Object.hasOwn(exports, name) ? exports[name] : undefined
  if (typeof fn === 'function') return fn as (...values: readonly unknown[]) => unknown
  throw planInvalid(`module ${JSON.stringify(module)} exports no function ${JSON.stringify(name)}`, { at })
}
