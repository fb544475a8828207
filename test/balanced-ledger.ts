import { expect } from 'vitest'
import type { LedgerSnapshot } from '../src/metrics/ledger.ts'

/** Expects that no event was lost or counted twice. */
export function expectBalanced(ledger: LedgerSnapshot): void {
  const { offered, accepted, rejected, delivered, evicted, failed, queued } = ledger
  const refused = Object.values(rejected).reduce((sum, events) => sum + events, 0)
  expect({ offered, accepted }).toEqual({
    offered: accepted + refused,
    accepted: delivered + evicted + failed + queued,
  })
}
