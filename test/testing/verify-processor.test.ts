import { describe, expect, it } from 'vitest'
import type { Processor } from '../../src/connector/processor.ts'
import { i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { verifyProcessor } from '../../src/testing/verify-processor.ts'

const input = schema({ at: timestamp(), n: i32() })
const output = schema({ n: i32() })
interface In {
  readonly at: number
  readonly n: number
}
interface Out {
  readonly n: number
}
const rows = Array.from({ length: 12 }, (_, i): In => ({ at: i * 10, n: i }))

/** Running totals; the total again at every watermark, and by a timer 25 ms after each row that is a multiple of 4. */
const running =
  (kept: 'all' | 'nothing' | 'an instance' = 'all') =>
  (): Processor<In, Out> => {
    let total = 0
    class Total {
      value = total
    }
    return {
      process({ at, n }, emit, { setTimer }) {
        total += n
        if (n % 4 === 0) setTimer(at + 25)
        else emit({ n: total })
      },
      onTimer: (_, emit) => emit({ n: -total }),
      onWatermark: (watermark, emit) => emit({ n: watermark === Number.POSITIVE_INFINITY ? 1_000 : total }),
      ...(kept === 'all' && {
        snapshot: () => total,
        restore(state) {
          total = state as number
        },
      }),
      ...(kept === 'an instance' && { snapshot: () => new Total(), restore() {} }),
    }
  }
const options = { arrivalMs: ({ at }: In) => at, endMs: 150 }

describe('verifyProcessor', () => {
  it('gives what comes out of a processor that keeps all it needs', () => {
    const report = verifyProcessor({ input, output, make: running(), rows, eventTime: 'at' }, options)
    expect(report.rows.map(({ n }) => n).slice(0, 6)).toEqual([0, 1, 1, 3, 3, -3])
    expect(report.rows.at(-1)).toEqual({ n: 1_000 })
    expect(report.restores).toBeGreaterThan(50)
  })

  it('finds out what a processor forgets, and what has no bytes', () => {
    expect(() => verifyProcessor({ input, output, make: running('nothing'), rows }, options)).toThrow(
      expect.objectContaining({ code: 'HARNESS_FAILED' }),
    )
    expect(() => verifyProcessor({ input, output, make: running('an instance'), rows }, options)).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_UNSUPPORTED' }),
    )
  })
})
