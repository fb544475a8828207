import { Presets, SingleBar } from 'cli-progress'
import type { Job } from 'eventflux'
import type { Input } from './input.ts'

const REFRESH_MS = 100

/** How far a job is, on the terminal, until it is stopped. */
export class Progress {
  readonly #bar: SingleBar
  readonly #timer: ReturnType<typeof setInterval>
  readonly #show: () => void

  constructor(job: Pick<Job, 'counts'>, input: Input) {
    const { totalBytes } = input
    const figures = '{rows} rows | {rate} rows/s | {duration_formatted}'
    this.#bar = new SingleBar(
      {
        format: totalBytes === undefined ? figures : `{bar} {percentage}% | ${figures} | ETA {eta_formatted}`,
        stream: process.stderr,
        clearOnComplete: true,
        hideCursor: true,
      },
      Presets.shades_classic,
    )
    const start = performance.now()
    const number = (value: number): string => Math.round(value).toLocaleString('en')
    this.#show = () => {
      const { accepted } = job.counts()
      const seconds = Math.max((performance.now() - start) / 1_000, 0.001)
      this.#bar.update(Math.min(input.bytes, totalBytes ?? Number.POSITIVE_INFINITY), {
        rows: number(accepted),
        rate: number(accepted / seconds),
      })
    }
    this.#bar.start(totalBytes ?? 0, 0, { rows: '0', rate: '0' })
    this.#timer = setInterval(this.#show, REFRESH_MS)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#show()
    this.#bar.stop()
  }
}
