import { describe, expect, test } from 'vitest'
import { onPageLifecycle } from '../../src/web/index.ts'
import { asPage } from './as-page.ts'

describe('the life of a page', () => {
  test('is told once per change, and not at all where there is no page', () => {
    expect(onPageLifecycle({ hidden: () => {} })()).toBeUndefined()
    const { page, document, forget: noPage } = asPage()
    try {
      const told: string[] = []
      const forget = onPageLifecycle({
        hidden: () => told.push('hidden'),
        visible: () => told.push('visible'),
        frozen: () => told.push('frozen'),
        resumed: () => told.push('resumed'),
      })
      document.visibilityState = 'hidden'
      document.dispatchEvent(new Event('visibilitychange'))
      page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }))
      document.dispatchEvent(new Event('freeze'))
      document.dispatchEvent(new Event('resume'))
      page.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
      document.visibilityState = 'visible'
      document.dispatchEvent(new Event('visibilitychange'))
      forget()
      document.dispatchEvent(new Event('freeze'))
      expect(told).toEqual(['hidden', 'frozen', 'resumed', 'visible'])
    } finally {
      noPage()
    }
  })
})
