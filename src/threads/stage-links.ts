import { optionInvalid } from '../errors.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import { isLossy } from '../plan/link-options.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import type { WorkerLink } from './worker-job.ts'

/** The link in front of a stage that begins at a step, the `stage`th of so many, where it is bounded by rows. */
export function linkBefore(
  { links }: LogicalPlan,
  step: number,
  stage: number,
  stages: number,
  config: ResolvedConfig,
): WorkerLink | undefined {
  const spec = links?.find(({ at }) => at === step)
  if (spec === undefined) return undefined
  const { bufferSize = config.bufferSize, backpressure: strategy } = spec
  return { from: stageName(stage - 1, stages), to: stageName(stage, stages), bufferSize, strategy }
}

export const stageName = (stage: number, stages: number): string => `stage ${stage + 1} of ${stages}`

/** @throws EventfluxError `OPTION_INVALID` where lost workers are to be started anew and rows may be dropped between them. */
export function refuseLossyLinks({ links = [] }: LogicalPlan): void {
  if (!links.some(isLossy)) return
  throw optionInvalid(
    'restart does over again what lost workers did, and a link that may drop rows would not drop the same ones: leave one of them out',
    { at: 'restart' },
  )
}
