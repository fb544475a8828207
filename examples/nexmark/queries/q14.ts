import { f64, i32, or, type PipelineConfig, schema, timestamp, utf8, when } from 'eventflux'
import { bids } from '../bid.ts'

const calculated = schema({
  auction: i32(),
  bidder: i32(),
  price: f64(),
  bidTimeType: utf8(),
  dateTime: timestamp(),
  extra: utf8(),
  cCount: i32(),
})

/** Calculation: converted prices within a range, the time of day in words, and a function of one's own over text. */
export const q14 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'dateTime', 'extra'], config)
    .project(e => ({
      auction: e.auction,
      bidder: e.bidder,
      price: e.price.mul(908).div(1_000),
      bidTimeType: when(e.dateTime.hour().between(8, 18), 'dayTime')
        .when(or(e.dateTime.hour().le(6), e.dateTime.hour().ge(20)), 'nightTime')
        .otherwise('otherTime'),
      dateTime: e.dateTime,
      extra: e.extra,
    }))
    .filter(e => e.price.gt(1_000_000).and(e.price.lt(50_000_000)))
    .mapRows(calculated, row => ({ ...row, cCount: row.extra.split('c').length - 1 }))
