import { functionOf, i32, or, type PipelineConfig, when } from 'eventflux'
import { bids } from '../bid.ts'

const LETTER = 'c'.charCodeAt(0)

const countC = functionOf(i32(), (text: string) => {
  let count = 0
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) === LETTER) count++
  return count
})

/** Calculation: converted prices within a range, the time of day in words, and a function of one's own over text. */
export const q14 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'dateTime', 'extra'], config)
    .project(e => ({ ...e, price: e.price.mul(908).div(1_000) }))
    .filter(e => e.price.gt(1_000_000).and(e.price.lt(50_000_000)))
    .project(e => ({
      auction: e.auction,
      bidder: e.bidder,
      price: e.price,
      bidTimeType: when(e.dateTime.hour().between(8, 18), 'dayTime')
        .when(or(e.dateTime.hour().le(6), e.dateTime.hour().ge(20)), 'nightTime')
        .otherwise('otherTime'),
      dateTime: e.dateTime,
      extra: e.extra,
      cCount: countC(e.extra),
    }))
