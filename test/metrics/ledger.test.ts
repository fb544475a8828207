import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkLedger } from '../../src/metrics/ledger.ts'

const count = fc.integer({ min: 0, max: 1e9 })
const parts = fc.record({
  rejected: fc.record(
    { full: count, closed: count, timeout: count, aborted: count, circuitOpen: count },
    { requiredKeys: [] },
  ),
  delivered: count,
  evicted: count,
  queued: count,
  failed: count,
  late: count,
})

describe('checkLedger', () => {
  it('finds a ledger balanced when its parts add up, and off by exactly what is missing', () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 5 }), (rows, refusals, losses) => {
        const accepted = rows.delivered + rows.evicted + rows.queued + rows.failed + rows.late + losses
        const rejected = Object.values(rows.rejected).reduce((sum, n) => sum + n, 0)
        const ledger = { ...rows, accepted, offered: accepted + rejected + refusals }
        expect(checkLedger(ledger)).toEqual({ atEntry: refusals, inside: losses })
      }),
    )
  })

  it('takes late as 0 where nothing can be late', () => {
    const ledger = { offered: 10, accepted: 8, rejected: { full: 2 }, delivered: 5, evicted: 1, queued: 2, failed: 0 }
    expect(checkLedger(ledger)).toEqual({ atEntry: 0, inside: 0 })
  })
})
