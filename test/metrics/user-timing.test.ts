import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Timeline, UserTiming } from '../../src/metrics/user-timing.ts'
import { pipeline } from '../../src/packaged.ts'
import type { PipelineConfig } from '../../src/plan/config.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const spansNamed = (name: string) => performance.getEntriesByName(name, 'measure') as PerformanceMeasure[]

async function run(config: PipelineConfig): Promise<number> {
  const rows: unknown[] = []
  const job = await pipeline(schema({ x: f64() }), { maxBatch: 4, ...config })
    .filter(e => e.x.gt(1))
    .project(e => ({ y: e.x.mul(2) }))
    .run({ sink: rows })
  job.pushColumns({ x: Float64Array.of(0, 1, 2, 3, 4, 5) })
  await job.drain()
  return rows.length
}

afterEach(() => {
  vi.unstubAllGlobals()
  performance.clearMeasures()
})

describe('user timing', () => {
  it('shows every batch of every operator as a span with its rows, those further down inside', async () => {
    expect(await run({ metrics: 'detailed', userTiming: true })).toBe(4)
    const filters = spansNamed('eventflux filter').filter(span => span.detail.rows > 0)
    const projects = spansNamed('eventflux project').filter(span => span.detail.rows > 0)
    expect(filters.map(span => span.detail)).toEqual([{ rows: 4 }, { rows: 2 }])
    expect(projects.map(span => span.detail)).toEqual([{ rows: 2 }, { rows: 2 }])
    projects.forEach((span, i) => {
      const outer = filters[i]!
      expect(span.startTime).toBeGreaterThanOrEqual(outer.startTime)
      expect(span.startTime + span.duration).toBeLessThanOrEqual(outer.startTime + outer.duration + 1e-3)
    })
  })

  it('leaves the timeline alone unless it is asked for', async () => {
    const measure = vi.spyOn(performance, 'measure')
    for (const metrics of [false, 'basic', 'detailed'] as const) await run({ metrics })
    expect(measure).not.toHaveBeenCalled()
    measure.mockRestore()
  })

  it.each<[string, Partial<Timeline> | undefined]>([
    ['no performance', undefined],
    ['one that only tells the time', {}],
    [
      'one of level 2, which knows marks only',
      {
        measure() {
          throw new SyntaxError('[object Object] is no mark')
        },
        clearMeasures() {},
      },
    ],
  ])('does nothing where the runtime has %s', async (_, timeline) => {
    expect(UserTiming.of(timeline)).toBeUndefined()
    const { now } = performance
    vi.stubGlobal('performance', timeline && { ...timeline, now })
    const clock = { now: () => 0, monotonicNs: () => 0, after: () => () => {} }
    const job = await pipeline(schema({ x: f64() }), { metrics: 'detailed', userTiming: true })
      .filter(e => e.x.gt(1))
      .run({ sink: [], clock })
    job.push({ x: 2 })
    await expect(job.drain()).resolves.toMatchObject({ delivered: 1 })
  })

  it('keeps a bounded number of spans on the timeline', () => {
    const names: string[] = []
    const timeline: Timeline = {
      now: () => 0,
      measure: name => {
        names.push(name)
        return {} as PerformanceMeasure
      },
      clearMeasures(name) {
        for (let i = names.length; i-- > 0; ) if (names[i] === name) names.splice(i, 1)
      },
    }
    const timing = UserTiming.of(timeline)!
    for (let i = 0; i < 5_000; i++) for (const name of ['a', 'b']) timing.span(name, 0, { rows: 1 })
    expect(names.length).toBeLessThanOrEqual(2 * 1_024)
    expect(names.length).toBeGreaterThan(2)
  })
})
