import { Pipeline } from '../pipeline.ts'
import { type PipelineConfig, resolveConfig } from '../plan/config.ts'
import { type PlanFromJSONOptions, planFromJSON } from '../plan/plan-from-json.ts'
import { scopesOf, sourceScope } from '../plan/plan-scope.ts'

/**
 * A pipeline from its plan as data, of any origin: everything in it is checked.
 *
 * @param json What `toJSON()` gave, or its text.
 * @throws EventfluxError `PLAN_INVALID`, or the code of the part that is wrong (`EXPRESSION_INVALID`, …).
 *
 * @example
 * ```ts
 * const text = JSON.stringify(highs)
 * const again = pipelineFromJSON(text)
 * const job = await again.run({ sink: row => console.log(row) })
 * ```
 */
export function pipelineFromJSON(
  json: unknown,
  options: PlanFromJSONOptions & { readonly config?: PipelineConfig } = {},
): Pipeline {
  const plan = planFromJSON(json, options)
  return new Pipeline(plan, resolveConfig(options.config), scopesOf(plan.nodes, sourceScope(plan)).at(-1)!)
}
