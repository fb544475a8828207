import { checkOptions, type OptionNames } from '../options.ts'
import { Pipeline } from '../pipeline.ts'
import { type PipelineConfig, resolveConfig } from '../plan/config.ts'
import { type PlanFromJSONOptions, planFromJSON } from '../plan/plan-from-json.ts'
import { scopesOf, sourceScope } from '../plan/plan-scope.ts'
import type { Packaged } from '../run.ts'

/** How a plan as data is read, and how its pipeline runs. */
export interface PipelineFromJSONOptions extends PlanFromJSONOptions {
  readonly config?: PipelineConfig
}

const NAMES: OptionNames<PipelineFromJSONOptions> = { allowModules: true, config: true }

/** What `pipelineFromJSON` is. */
export type PipelineFromJSON = (json: unknown, options?: PipelineFromJSONOptions) => Pipeline

/** `pipelineFromJSON` of an entry that brings this along. @internal */
export function pipelineFromJSONOn(packaged: Packaged): PipelineFromJSON {
  return (json, options = {}) => {
    checkOptions('pipelineFromJSON', options, NAMES)
    const plan = planFromJSON(json, options)
    const scope = scopesOf(plan.nodes, sourceScope(plan)).at(-1)!
    return new Pipeline(plan, resolveConfig(options.config), scope, packaged)
  }
}
