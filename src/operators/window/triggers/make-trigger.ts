import type { Arena } from '../../../memory/arena.ts'
import type { TriggerSpec } from '../../../time/triggers.ts'
import type { KernelExports } from '../../../wasm/exports.ts'
import type { StageTimers } from '../../stage-timers.ts'
import { RunningClockTrigger } from './clock-trigger.ts'
import { RunningDeltaTrigger } from './delta-trigger.ts'
import { RunningIntervalTrigger } from './interval-trigger.ts'
import { RunningOwnTrigger, type SeenColumn } from './own-trigger.ts'
import { RunningRowsTrigger } from './rows-trigger.ts'
import type { RunningTrigger } from './running-trigger.ts'

/** @param list Room for the ids of a batch. @param seen The columns the trigger looks at, and where they stand in a batch. */
export function makeTrigger(
  spec: TriggerSpec,
  kernels: KernelExports,
  arena: Arena,
  { list, timers, seen }: { list: number; timers: StageTimers; seen: readonly SeenColumn[] },
): RunningTrigger {
  switch (spec.kind) {
    case 'rows':
      return new RunningRowsTrigger(kernels, arena, spec)
    case 'interval':
      return spec.by === 'clock'
        ? new RunningClockTrigger(kernels, arena, spec, { list, now: () => timers.now() })
        : new RunningIntervalTrigger(kernels, arena, spec, list)
    case 'delta':
      return new RunningDeltaTrigger(kernels, arena, spec, seen[0]!.column)
    case 'own':
      return new RunningOwnTrigger(arena.memory, spec, seen)
  }
}
