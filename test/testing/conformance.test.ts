import { describe, expect, it } from 'vitest'
import type { Source, SourceIntake } from '../../src/connector/source.ts'
import type { ConformanceCase } from '../../src/testing/conformance-case.ts'
import { type SinkSubject, sinkConformance } from '../../src/testing/sink-conformance.ts'
import { sourceConformance } from '../../src/testing/source-conformance.ts'

const rows = [1, 2, 3, 4, 5]

/** The names of the cases that don't hold, with what they say. */
async function failuresOf(cases: readonly ConformanceCase[]): Promise<Record<string, string>> {
  const failures: Record<string, string> = {}
  for (const { name, run } of cases)
    await run().catch((error: Error) => {
      failures[name] = error.message
    })
  return failures
}

describe('the conformance of sources', () => {
  const running = (run: (intake: SourceIntake<number>) => Promise<void>, metadata = {}) =>
    failuresOf(
      sourceConformance({
        make: () => ({
          source: {
            metadata: { name: 'numbers', kind: 'test', replayable: true, bounded: true, ...metadata },
            run,
          } satisfies Source<number>,
        }),
        events: rows,
        isBounded: true,
      }),
    )
  const stopped = (intake: SourceIntake<number>) =>
    new Promise<void>(resolve => {
      if (intake.signal.aborted) resolve()
      else intake.signal.addEventListener('abort', () => resolve())
    })

  it('is had by an array', async () => {
    expect(
      await failuresOf(sourceConformance({ make: () => ({ source: rows }), events: rows, isBounded: true })),
    ).toEqual({})
  })

  it('is not had by a source that leaves out an event', async () => {
    const failures = await running(async intake => {
      for (const row of rows.slice(1))
        if (!intake.signal.aborted) await Promise.race([intake.push(row), stopped(intake)])
    })
    expect(failures['gives all events in order']).toBe(`The events differ (- expected, + came):

  - 1
    row 0 is missing
    2
    3
    4
    5`)
  })

  it('is not had by a source that does not wait', async () => {
    const failures = await running(async intake => {
      const pushes = rows.map(row => intake.push(row))
      await Promise.race([Promise.all(pushes), stopped(intake)])
    })
    expect(Object.keys(failures)).toEqual([
      'waits for every push that returns a promise',
      'stops while a push waits for room, and lets go of what it reads',
      'pushes nothing when it is stopped before it begins',
    ])
  })

  it('is not had by a source without a name', async () => {
    const failures = await running(
      async intake => {
        for (const row of rows) if (!intake.signal.aborted) await Promise.race([intake.push(row), stopped(intake)])
      },
      { name: '' },
    )
    expect(failures).toEqual({ 'says what it is': 'metadata.name is a text that is not empty' })
  })
})

describe('the conformance of sinks', () => {
  const of = (subject: Omit<SinkSubject<number>, 'rows'>) => failuresOf(sinkConformance({ ...subject, rows }))

  it('is had by an array', async () => {
    const make = () => {
      const taken: number[] = []
      return { sink: taken, taken: () => taken }
    }
    expect(await of({ make })).toEqual({})
  })

  it('is not had by a sink whose flush comes before its rows', async () => {
    const make = () => {
      const taken: number[] = []
      let last = 0
      const sink = {
        send(row: number) {
          if (last > 0) taken.push(last)
          last = row
        },
        close: () => void taken.push(last),
      }
      return { sink, taken: () => taken }
    }
    expect(Object.values(await of({ make }))).toEqual([expect.stringContaining('row 4 is missing')])
  })

  it('is not had by a sink that takes whatever comes while it is busy', async () => {
    const make = () => {
      const taken: number[] = []
      return { sink: (row: number) => void taken.push(row), taken: () => taken, letThrough: () => {} }
    }
    expect(Object.values(await of({ make }))).toEqual(['It took every row, though none was let through'])
  })

  it('is not had by a sink that swallows its failure', async () => {
    const make = () => {
      const taken: number[] = []
      return { sink: taken, taken: () => taken }
    }
    expect(Object.values(await of({ make, makeFailing: () => [] }))).toEqual(['No write, flush or close failed'])
    const otherCause = () => () => {
      throw new Error('something')
    }
    expect(Object.values(await of({ make, makeFailing: otherCause }))).toEqual([
      expect.stringContaining('Error: something'),
    ])
  })
})
