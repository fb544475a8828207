import { planInvalid, show } from '../errors.ts'
import { Pipeline } from '../pipeline.ts'
import { type PipelineConfig, resolveConfig } from '../plan/config.ts'
import { makePlan } from '../plan/make-node.ts'
import { fieldSpecs } from '../plan/plan-scope.ts'
import type { Packaged } from '../run.ts'
import { checkStored, Schema, type SchemaFields } from '../schema/schema.ts'

/** What `pipeline` is. */
export type StartPipeline = <F extends SchemaFields>(
  source: Schema<F>,
  config?: PipelineConfig,
) => Pipeline<F, undefined, F>

/** `pipeline` of an entry that brings this along. @internal */
export function pipelineOn(packaged: Packaged): StartPipeline {
  return (source, config = {}) => {
    if (!(source instanceof Schema))
      throw planInvalid(`A pipeline starts from schema({ … }), not ${show(source)}`, { value: source })
    checkStored(source)
    const scope = { schema: source, eventTime: undefined }
    return new Pipeline(makePlan(fieldSpecs(source), []), resolveConfig(config), scope, packaged)
  }
}
