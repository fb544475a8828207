import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { slicesOf } from '../../../src/operators/window/slices-of.ts'
import type { AlignedSpec } from '../../../src/time/aligned-windows.ts'
import { windowsOf } from '../../plan/aligned-windows-interpreter.ts'

const length = fc.integer({ min: 1, max: 40 })
const specs: fc.Arbitrary<AlignedSpec> = fc
  .tuple(fc.constantFrom('tumbling', 'hopping', 'cumulate'), length, length, fc.integer({ min: -20, max: 20 }))
  .map(([kind, a, b, shift]) => {
    if (kind === 'tumbling') return { kind, sizeMs: a, offsetMs: shift % a }
    if (kind === 'hopping') return { kind, sizeMs: a, slideMs: b, offsetMs: shift % b, sampling: true }
    return { kind: 'cumulate', stepMs: a, maxMs: a * (1 + (b % 9)), offsetMs: shift % a }
  })
const times = fc.integer({ min: -500, max: 500 })

describe('slices', () => {
  it('are shared by the windows of every time in them, and these are the windows of the definition', () => {
    fc.assert(
      fc.property(specs, times, (spec, time) => {
        const slices = slicesOf(spec)
        const slice = slices.sliceOf(time)
        const found = []
        for (let window = slices.firstWindow(slice); window <= slices.lastWindow(slice); window++) {
          expect(slices.firstSlice(window)).toBeLessThanOrEqual(slice)
          expect(slices.lastSlice(window)).toBeGreaterThanOrEqual(slice)
          expect(slices.lastSlice(window) - slices.firstSlice(window)).toBeLessThan(slices.span)
          found.push({ start: slices.startMs(window), end: slices.endMs(window) })
        }
        expect(found).toEqual(windowsOf(spec, time))
        if (found.length === 0) expect(slices.hasGaps).toBe(true)
      }),
    )
  })

  it('begin and end where windows do', () => {
    fc.assert(
      fc.property(specs, times, (spec, time) => {
        const slices = slicesOf(spec)
        if (slices.sliceOf(time) !== slices.sliceOf(time - 1)) {
          const windowsBefore = windowsOf(spec, time - 1).map(({ end }) => end)
          const windowsAfter = windowsOf(spec, time).map(({ end }) => end)
          const isEdge = windowsBefore.join() !== windowsAfter.join()
          // Windows of one slide may begin at the very time others end, so that neither is left: they all have other ends.
          expect(isEdge).toBe(true)
        } else expect(windowsOf(spec, time)).toEqual(windowsOf(spec, time - 1))
      }),
    )
  })

  it('know the first window a watermark leaves open', () => {
    fc.assert(
      fc.property(specs, times, (spec, watermark) => {
        const slices = slicesOf(spec)
        const window = slices.firstOpen(watermark)
        expect(slices.endMs(window) - 1).toBeGreaterThan(watermark)
        expect(slices.endMs(window - 1) - 1).toBeLessThanOrEqual(watermark)
        for (const end of [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]) {
          expect(slices.firstOpen(end)).toBe(end)
          expect([slices.startMs(end), slices.endMs(end), slices.firstSlice(end)]).toEqual([end, end, end])
        }
      }),
    )
  })
})
