import type { PipelineConfig } from 'eventflux'
import { bids } from '../bid.ts'

/** Currency conversion: prices in euros, at 0.908 for a dollar. */
export const q1 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'dateTime', 'extra'], config).project(e => ({
    auction: e.auction,
    bidder: e.bidder,
    // 0.908 has no exact double: whole thousandths do, and one division gives the nearest to the decimal result.
    price: e.price.mul(908).div(1_000),
    dateTime: e.dateTime,
    extra: e.extra,
  }))
