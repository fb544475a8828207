import { expectArgument, isObject } from '../options.ts'
import type { Pipeline } from '../pipeline.ts'

/** @throws EventfluxError `OPTION_INVALID` for what is no pipeline, such as a job. */
export function checkPipeline(owner: string, given: unknown): void {
  const { plan, config } = (given ?? {}) as Partial<Pipeline>
  expectArgument(owner, given, () => isObject(plan) && isObject(config), 'a pipeline')
}
