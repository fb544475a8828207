import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/time/clock.ts'

const DAY_MS = 86_400_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it.each([30, 90])('calls back after %d days, which no timer holds, and not before', days => {
  const called = vi.fn()
  systemClock.after(days * DAY_MS, called)
  vi.advanceTimersByTime(days * DAY_MS - 1)
  expect(called).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(called).toHaveBeenCalledTimes(1)
})

it('cancels a long wait at any time of it', () => {
  for (const days of [1, 26, 59]) {
    const called = vi.fn()
    const cancel = systemClock.after(60 * DAY_MS, called)
    vi.advanceTimersByTime(days * DAY_MS)
    cancel()
    expect(vi.getTimerCount()).toBe(0)
  }
})

it('never calls back after infinity', () => {
  const called = vi.fn()
  const cancel = systemClock.after(Number.POSITIVE_INFINITY, called)
  vi.advanceTimersByTime(400 * DAY_MS)
  expect(called).not.toHaveBeenCalled()
  cancel()
  expect(vi.getTimerCount()).toBe(0)
})
