import { describe, expect, test } from 'vitest'
import type { Sink } from '../../src/connector/sink.ts'

export interface SinkCase<R> {
  /** A sink, what has come out at its other end so far, and a switch that lets one waiting row through, if it can wait. */
  readonly make: () => {
    readonly sink: Sink<R>
    readonly taken: () => readonly R[]
    readonly letThrough?: () => void
  }
  /** Makes it fail from the next row on, if it can. */
  readonly makeFailing?: (cause: Error) => Sink<R>
  readonly rows: readonly R[]
}

const turn = () => new Promise(resolve => setImmediate(resolve))

/** What every sink must do, whatever it is made of. */
export function describeSink<R>(name: string, { make, makeFailing, rows }: SinkCase<R>): void {
  describe(`${name}, as a sink`, () => {
    test('takes all rows in order, and has passed them on when flush resolves', async () => {
      const { sink, taken, letThrough } = make()
      const pump = letThrough && setInterval(letThrough, 0)
      for (const row of rows) await sink.write(row)
      await sink.flush?.()
      expect(taken()).toEqual(rows)
      await sink.close?.()
      clearInterval(pump)
      expect(taken()).toEqual(rows)
    })

    test('makes the writer wait, and not longer than needed', async () => {
      const { sink, letThrough } = make()
      if (!letThrough) {
        expect(sink.write(rows[0]!)).toBeUndefined()
        return
      }
      let accepted = 0
      const writing = (async () => {
        for (const row of rows) {
          await sink.write(row)
          accepted++
        }
      })()
      for (let count = 0; count < 5; count++) await turn()
      expect(accepted).toBeLessThan(rows.length)
      const pump = setInterval(letThrough, 0)
      await writing
      clearInterval(pump)
      expect(accepted).toBe(rows.length)
    })

    if (!makeFailing) return
    test('reports a failure by write, flush or close', async () => {
      const cause = new Error('the disk is full')
      const sink = makeFailing(cause)
      const use = async () => {
        for (const row of rows) await sink.write(row)
        await sink.flush?.()
        await sink.close?.()
      }
      const error: unknown = await use().then(
        () => undefined,
        failure => failure,
      )
      expect(error === cause || (error as Error | undefined)?.cause === cause).toBe(true)
    })
  })
}
