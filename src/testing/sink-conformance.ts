import type { Sink } from '../connector/sink.ts'
import { type SinkLike, toSink } from '../connector/to-sink.ts'
import { expectArgument, has } from '../options.ts'
import { type ConformanceCase, demand, demandSame } from './conformance-case.ts'
import { turnOfLoop, within } from './event-loop.ts'

/** A sink under test. */
export interface SinkSubject<R> {
  /**
   * A sink (anything that can take the rows of a job), what has come out at its other end so far, and a switch that lets
   * one waiting row through, if it can wait.
   */
  readonly make: () => {
    readonly sink: SinkLike<R>
    readonly taken: () => readonly R[]
    readonly letThrough?: () => void
  }
  /** A sink that fails with `cause` at some row, in `flush` or in `close`, if it can. */
  readonly makeFailing?: (cause: Error) => SinkLike<R>
  /** More than it takes without waiting, if it can wait. */
  readonly rows: readonly R[]
}

/**
 * What every sink must do, whatever it is made of: rows in order, backpressure while it is busy, failures that are told.
 *
 * @example
 * ```ts
 * const cases = sinkConformance({
 *   make() {
 *     const taken: number[] = []
 *     return { sink: (row: number) => void taken.push(row), taken: () => taken }
 *   },
 *   rows: [1, 2, 3],
 * })
 * for (const { name, run } of cases) {
 *   console.log(name)
 *   await run()
 * }
 * ```
 */
export function sinkConformance<R>(subject: SinkSubject<R>): ConformanceCase[] {
  expectArgument('sinkConformance', subject, has('make'), 'what is tried: { make, rows }')
  const { make, makeFailing, rows } = subject
  const cases: ConformanceCase[] = [
    {
      name: 'takes all rows in order, and has passed them on when flush resolves',
      async run() {
        const { sink: made, taken, letThrough } = make()
        const sink = toSink(made)
        await pumping(letThrough, async () => {
          for (const row of rows) await sink.write(row)
          await sink.flush?.()
          demandSame('What came out when flush had resolved differs', rows, taken())
          await sink.close?.()
        })
        demandSame('What came out when close had resolved differs', rows, taken())
      },
    },
    {
      name: 'makes the writer wait, and not longer than needed',
      async run() {
        const { sink: made, letThrough } = make()
        const sink = toSink(made)
        if (!letThrough) {
          demand(sink.write(rows[0]!) === undefined, 'write returns a promise, though the sink never needs to wait')
          return
        }
        let accepted = 0
        const writing = (async () => {
          for (const row of rows) {
            await sink.write(row)
            accepted++
          }
        })()
        for (let count = 0; count < 5; count++) await turnOfLoop()
        demand(accepted < rows.length, 'It took every row, though none was let through')
        await pumping(letThrough, () => writing)
      },
    },
  ]
  if (makeFailing)
    cases.push({
      name: 'reports a failure by write, flush or close',
      async run() {
        const cause = new Error('the disk is full')
        const error = await failureOf(toSink(makeFailing(cause)), rows)
        demand(
          error === cause || (error as Error | undefined)?.cause === cause,
          error === undefined
            ? 'No write, flush or close failed'
            : `It failed with something else than its cause, which belongs into "cause": ${error}`,
        )
      },
    })
  return cases
}

/** Lets rows through while `work` goes on. */
async function pumping(letThrough: (() => void) | undefined, work: () => Promise<void>): Promise<void> {
  let isOver = false
  const pump = (async () => {
    for (; letThrough && !isOver; letThrough()) await turnOfLoop()
  })()
  try {
    await within(work(), 'every write, flush and close resolves')
  } finally {
    isOver = true
    await pump
  }
}

async function failureOf<R>(sink: Sink<R>, rows: readonly R[]): Promise<unknown> {
  try {
    for (const row of rows) await sink.write(row)
    await sink.flush?.()
    await sink.close?.()
    return undefined
  } catch (error) {
    return error
  }
}
