import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { engineCases, siddhiCases, timeCases } from './cases.ts'
import { engineKindOf, shapeOf } from './engine-kinds.ts'
import { reasonOf, toldAs } from './siddhi-cases.ts'
import { nameOf, placeOf, SUITES } from './suites.ts'

describe('every case of the data', () => {
  const all = [...timeCases, ...engineCases]
  const placed = all.map(given => ({ name: nameOf(given), place: placeOf(given) }))

  it('is of a kind that is run, or that is left out for a reason that is known', () => {
    const unknown = placed.flatMap(({ name, place }) =>
      'reason' in place && place.isUnknown ? [`${name}: ${place.reason}`] : [],
    )
    const strange = siddhiCases
      .filter(given => toldAs(given) === 'unknown')
      .map(({ name, query }) => `${name}: there is no window ${query.window.type}`)
    expect([...unknown, ...strange]).toEqual([])
  })

  it('has a name of its own', () => {
    const names = [...placed, ...siddhiCases].map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([])
  })

  it('is run, but for these', () => {
    const reasons = [
      ...placed.flatMap(({ place }) => ('reason' in place ? [place.reason] : [])),
      ...siddhiCases.flatMap(given => reasonOf(given) ?? []),
    ]
    expect([...new Set(reasons)].sort()).toMatchInlineSnapshot(`
      [
        "a percentile of nothing is null, and NaN is passed over",
        "counts go by arrival",
        "durations are measured from when an event was to enter, so there is nothing omitted to correct",
        "not built yet: frequent, lossyFrequent, expression, expressionBatch, cron, batch, firstUnique",
        "null is a key like any other here",
        "sketched percentiles are by relative error (DDSketch), not t-digests",
        "the exporter takes jobs, not single numbers, and writes those as JavaScript does",
        "the exporter writes the metrics of jobs, with names and buckets of its own",
        "the histogram has 64 buckets for a power of two, not the layout of HdrHistogram",
        "the histogram reads no HdrHistogram files",
        "there are no joins",
        "there are no patterns yet",
        "there is no cumulative distribution function",
        "windows of several lengths, which one gap never makes",
      ]
    `)
  })

  it.each(SUITES)('is run by %s.test.ts if it is said to be', suite => {
    expect(placed.some(({ place }) => 'suite' in place && place.suite === suite)).toBe(true)
    const source = readFileSync(new URL(`${suite}.test.ts`, import.meta.url), 'utf8')
    expect(source).toContain(`checksOf('${suite}', {`)
  })
})

describe('the kind of a case', () => {
  const given = { name: '', engine: '', semantics: '', input: {}, expected: {} }

  it('hangs on what it gives and expects, not on its name', () => {
    for (const each of engineCases)
      expect(engineKindOf({ ...each, name: 'another', engine: 'another' })).toBe(engineKindOf(each))
  })

  it.each([
    [{ input: {}, expected: [] }, 'the input {  } and the expectation []'],
    [{ input: [], expected: [] }, 'the input [] and the expectation []'],
    [{ input: 7, expected: 'x' }, 'the input number and the expectation string'],
    [{ input: { size: 1, ts: [0], colour: 'red' }, expected: [[0, 1]] }, 'the input { size, ts, colour }'],
    [{ input: { gap: 3, ts: [0] }, expected: [[0, 1]] }, 'the input { gap, ts } and the expectation [[number, …], …]'],
    [{ input: [{ size: 5, advance: 1, ts: 0 }, { size: 5 }], expected: [[]] }, 'the input [{ size, advance, ts }, …]'],
  ])('is unknown where no kind has its shape: %o', (shape, reason) => {
    expect(placeOf({ ...given, ...shape })).toEqual({ reason: expect.stringContaining(reason), isUnknown: true })
  })

  it('is unknown for an area nobody has heard of', () => {
    const unheard = { id: 'x', area: 'window.of.opportunity', input: {}, expected: {} }
    expect(placeOf(unheard)).toEqual({ reason: 'no test is of the area window.of.opportunity', isUnknown: true })
    expect(shapeOf(null)).toBe('object')
  })
})
