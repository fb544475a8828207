import type { ChainElsewhere, OperatorCounts } from '../operators/chain.ts'
import type { WorkerCells } from './worker-cells.ts'
import type { WorkerShape } from './worker-job.ts'

/** What is known here of the steps that workers do. */
interface StepsElsewhere {
  readonly operators: readonly OperatorCounts[]
  readonly eventTimes: readonly { readonly currentWatermark: number }[]
  readonly windows: readonly { readonly lateRows: number }[]
  readonly policies: ChainElsewhere['policies']
}

/**
 * Adds up what the workers count. Above the step where rows are dealt out, all of them do the same, so one speaks for all.
 *
 * @param dealtBefore The number of that step.
 */
export function stepsElsewhere(shape: WorkerShape, cells: readonly WorkerCells[], dealtBefore: number): StepsElsewhere {
  const sum = (of: (cells: WorkerCells) => number): number => cells.reduce((total, each) => total + of(each), 0)
  return {
    operators: shape.operators.map(({ name, step, notes }, i) => ({
      name,
      notes: () => notes,
      get rowsIn() {
        return step < dealtBefore ? cells[0]!.rowsIn(i) : sum(each => each.rowsIn(i))
      },
      get rowsOut() {
        return step < dealtBefore ? cells[0]!.rowsOut(i) : sum(each => each.rowsOut(i))
      },
    })),
    eventTimes: Array.from({ length: shape.eventTimes }, (_, i) => ({
      get currentWatermark() {
        return Math.min(...cells.map(each => each.watermark(i)))
      },
    })),
    windows: Array.from({ length: shape.windows }, (_, i) => ({
      get lateRows() {
        return sum(each => each.lateRows(i))
      },
    })),
    policies: shape.stages.map((stage, i) => ({
      stage,
      get counts() {
        const total = { failed: 0, retried: 0, skipped: 0, deadLettered: 0 }
        for (const each of cells) {
          const counts = each.errors(i)
          for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += counts[name]
        }
        return total
      },
    })),
  }
}
