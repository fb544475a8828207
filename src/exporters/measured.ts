import { optionInvalid, show } from '../errors.ts'
import type { MetricsSnapshot } from '../metrics/metrics-snapshot.ts'
import { isObject } from '../options.ts'

/** What is exported of a job. */
export interface Measured {
  metrics(into?: MetricsSnapshot): MetricsSnapshot
}

/** Jobs by the name each gets in the label `pipeline`. */
export type MeasuredJobs = Readonly<Record<string, Measured>>

/** Snapshots of all jobs, under their names; each reuses its last one. */
export class Snapshots {
  readonly #jobs: readonly (readonly [name: string, job: Measured])[]
  readonly #last = new Map<string, MetricsSnapshot>()

  /** @throws EventfluxError `OPTION_INVALID` for something that has no metrics. */
  constructor(jobs: MeasuredJobs) {
    if (!isObject(jobs))
      throw optionInvalid(`jobs are given by their names, as in { orders: job }, not as ${show(jobs)}`, { value: jobs })
    this.#jobs = Object.entries(jobs)
    for (const [name, job] of this.#jobs) {
      if (typeof job?.metrics !== 'function')
        throw optionInvalid(
          `${show(job)} under ${show(name)} has no metrics(): jobs are given by their names, as in { orders: job }`,
          {
            value: job,
            at: name,
          },
        )
    }
  }

  /** All of them now. */
  take(): readonly (readonly [name: string, metrics: MetricsSnapshot])[] {
    return this.#jobs.map(([name, job]) => {
      const metrics = job.metrics(this.#last.get(name))
      this.#last.set(name, metrics)
      return [name, metrics]
    })
  }
}
