import { planInvalid } from '../errors.ts'

/** What can be asked of a pipeline or of a window, by name. A test holds the list against them. */
const STEPS = [
  'eventTime',
  'processingTime',
  'filter',
  'project',
  'orderBy',
  'limit',
  'topN',
  'keyBy',
  'window',
  'aggregate',
  'topRows',
  'rows',
  'output',
  'filterRows',
  'mapRows',
  'process',
  'tee',
  'stage',
  'named',
  'explain',
  'run',
]

/**
 * Has steps that a builder doesn't have say so, and what comes next, where no type checker does: `run` of a window would
 * be no function. Types don't know of them. Called by its constructor: what nobody makes is left out of a bundle.
 */
export function refuseMisplacedSteps(builder: object, whereAndNext: string): void {
  const prototype = Object.getPrototypeOf(builder)
  for (const step of STEPS) {
    if (step in prototype) continue
    Object.defineProperty(prototype, step, {
      value: (): never => {
        throw planInvalid(`${step} can't stand ${whereAndNext}`, { at: step })
      },
    })
  }
}
