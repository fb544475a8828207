import { planInvalid } from '../errors.ts'
import type { LogicalNode } from './logical-node.ts'
import { isModuleExport } from './make-node.ts'

/** Replaces the names of module exports by what they export. @throws EventfluxError `PLAN_INVALID` where there is none. */
export async function loadFunctions(node: LogicalNode): Promise<LogicalNode> {
  if (node.op === 'tee') return { ...node, plan: await Promise.all(node.plan.map(loadFunctions)) }
  if ((node.op !== 'filterRows' && node.op !== 'mapRows' && node.op !== 'process') || !isModuleExport(node.fn))
    return node
  const { module, export: name } = node.fn
  const exports = (await import(/* @vite-ignore */ module)) as Record<string, unknown>
  const fn = Object.hasOwn(exports, name) ? exports[name] : undefined
  if (typeof fn !== 'function') {
    throw planInvalid(`module ${JSON.stringify(module)} exports no function ${JSON.stringify(name)}`, { at: node.name })
  }
  return { ...node, fn }
}
