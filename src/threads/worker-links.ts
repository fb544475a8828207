import type { EvaluationContext, InputColumn } from '../operators/evaluator/evaluation-frame.ts'
import type { StageTimers } from '../operators/stage-timers.ts'
import { FrameRing } from './frame-ring.ts'
import { LinkQueue } from './link-queue.ts'
import { LinkSink } from './link-sink.ts'
import { QueuedLinkSink } from './queued-link-sink.ts'
import { ResultLink } from './result-link.ts'
import type { WorkerJob } from './worker-job.ts'

/** The ways out of a worker: back to the thread that runs the job, and on to the next stage. */
export class WorkerLinks {
  readonly output: ResultLink
  readonly #next: FrameRing | undefined
  readonly #job: Pick<WorkerJob, 'link' | 'isOrdered'>
  readonly #sinks: { readonly rowsOut: number }[] = []
  #direct: ResultLink | undefined
  /** Where the way to the next stage is bounded by rows. */
  #queue: LinkQueue | undefined

  /** @param call Has the thread that runs the job look at the rings. */
  constructor(job: Pick<WorkerJob, 'output' | 'next' | 'link' | 'isOrdered'>, call: () => void) {
    this.output = new ResultLink(new FrameRing(job.output, 1), call)
    this.#next = job.next && new FrameRing(job.next, 1)
    this.#job = job
  }

  /** The end of the chain, or of a branch: results go on to the next stage, branches to the thread that runs the job. */
  sink(
    columns: readonly InputColumn[],
    to: { readonly branch: string | undefined; readonly stream: number },
    context: EvaluationContext,
    timers: StageTimers,
  ): LinkSink | QueuedLinkSink {
    const sink = this.#sinkOf(columns, to, context, timers)
    this.#sinks.push(sink)
    return sink
  }

  get hasNext(): boolean {
    return this.#next !== undefined
  }

  /** Sends the next stage a frame without rows, behind all rows. */
  tellNext(kind: number, a: number, value: number): void {
    ;(this.#queue ?? this.#direct)?.tell(kind, a, value)
  }

  /** Sends on what waits for the next stage to have room. */
  flush(): void {
    this.#queue?.flush()
  }

  /** Whether there is something to send on, and room. */
  readonly isDue = (): boolean => this.#queue?.isDue === true

  /** Where the link to the next stage is to count; undefined: it has nothing to count. */
  countIn(counts: Float64Array): void {
    if (this.#queue !== undefined) this.#queue.counts = counts
  }

  get waitedNs(): number {
    return this.output.waitedNs + (this.#direct?.waitedNs ?? 0) + (this.#queue?.waitedNs ?? 0)
  }

  /** Rows that went out. */
  get rowsOut(): number {
    let rows = 0
    for (const { rowsOut } of this.#sinks) rows += rowsOut
    return rows
  }

  #sinkOf(
    columns: readonly InputColumn[],
    { branch, stream }: { readonly branch: string | undefined; readonly stream: number },
    context: EvaluationContext,
    timers: StageTimers,
  ): LinkSink | QueuedLinkSink {
    const { link, isOrdered } = this.#job
    const parts = { name: branch ?? 'results', context, columns, timers }
    if (branch !== undefined || this.#next === undefined)
      return new LinkSink({
        ...parts,
        stream,
        link: this.output,
        tellsWatermark: false,
        isOrdered: isOrdered && branch === undefined,
      })
    if (link !== undefined) {
      this.#queue = new LinkQueue(link, this.#next, columns, context)
      return new QueuedLinkSink(this.#queue, timers)
    }
    this.#direct = new ResultLink(this.#next, () => {})
    return new LinkSink({ ...parts, stream: 0, link: this.#direct, tellsWatermark: true, isOrdered })
  }
}
