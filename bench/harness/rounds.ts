import type { Figure, Target } from './figure.ts'
import { spreadOf } from './statistics.ts'

/** One contestant. `prepare` isn't timed; the function it gives is. */
export interface Contestant {
  readonly name: string
  prepare(): Timed | Promise<Timed>
  readonly targets?: readonly Target[]
  readonly note?: string
}
/** It may say itself which part of it counts. */
export type Timed = (() => void | Promise<void>) | (() => Promise<Took>)

/** What something took, of the time that passed and of processors. */
export interface Took {
  readonly seconds: number
  readonly cpuSeconds: number
}

/** Starts measuring; returns what says how much it was. */
export function stopwatch(): () => Took {
  const cpuStart = process.cpuUsage()
  const start = performance.now()
  return () => {
    const seconds = (performance.now() - start) / 1_000
    const { user, system } = process.cpuUsage(cpuStart)
    return { seconds, cpuSeconds: (user + system) / 1e6 }
  }
}

export interface Comparison {
  readonly contestants: readonly Contestant[]
  /** The names of those the ratios may be taken against: the one with the greatest median is. */
  readonly baselines: readonly string[]
  /** How much of `unit` one run does: 5 (million events) with 'M events/s'. */
  readonly amount: number
  readonly unit: string
  readonly warmups: number
  readonly rounds: number
}

/**
 * Runs the contestants in turns, A B C, C B A, …: whatever else the machine does hits all of them alike. Young garbage is
 * collected before each run, so that none pays for another's; a full collection would throw away optimised code that
 * knows objects of the run before, and every run would begin in the interpreter. Processor time is kept beside the time that passed: on a
 * machine others use too it tells who did the work.
 */
export async function compareInRounds(comparison: Comparison): Promise<Figure[]> {
  const { contestants, warmups, rounds } = comparison
  const seconds = contestants.map(() => [] as number[])
  const cpuSeconds = contestants.map(() => [] as number[])
  for (let round = -warmups; round < rounds; round++) {
    const order = contestants.map((_, i) => (round % 2 === 0 ? i : contestants.length - 1 - i))
    for (const i of order) {
      const timed = await contestants[i]!.prepare()
      globalThis.gc?.({ type: 'minor' })
      const stop = stopwatch()
      const running = timed()
      const part = running instanceof Promise ? ((await running) as Took | undefined) : undefined
      const took = part ?? stop()
      if (round < 0) continue
      seconds[i]!.push(took.seconds)
      cpuSeconds[i]!.push(took.cpuSeconds)
    }
  }
  return figuresOf(comparison, seconds, cpuSeconds)
}

function figuresOf(
  { contestants, baselines, amount, unit }: Comparison,
  seconds: readonly number[][],
  cpuSeconds: readonly number[][],
): Figure[] {
  const indexOf = (name: string): number => {
    const index = contestants.findIndex(each => each.name === name)
    if (index < 0) throw new Error(`There is no contestant ${name}`)
    return index
  }
  const rates = seconds.map(each => spreadOf(each.map(one => amount / one)))
  const baseline = baselines.reduce((best, name) =>
    rates[indexOf(name)]!.median > rates[indexOf(best)]!.median ? name : best,
  )
  const cpuMedians = cpuSeconds.map(each => spreadOf(each).median)
  return contestants.map(({ name, targets, note }, i): Figure => {
    const versus = (other: string): number => rates[i]!.median / rates[indexOf(other)]!.median
    const cpuMedian = amount / cpuMedians[i]!
    const own = { name, unit, ...rates[i]!, cpuMedian, ...(note === undefined ? {} : { note }) }
    const judged = targets?.map(target => {
      const reached = target.of === 'value' ? own.median : versus(target.against ?? baseline)
      return { ...target, reached, met: reached >= target.atLeast }
    })
    const held = judged === undefined ? {} : { targets: judged }
    if (name === baseline) return { ...own, ...held }
    const byRound = spreadOf(seconds[i]!.map((one, round) => seconds[indexOf(baseline)]![round]! / one))
    const cpuRatio = cpuMedians[indexOf(baseline)]! / cpuMedians[i]!
    const ratios = { ratio: versus(baseline), ratioP25: byRound.p25, ratioP75: byRound.p75, cpuRatio }
    return { ...own, baseline, ...ratios, ...held }
  })
}
