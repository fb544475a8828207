import { argMax, max, type PipelineConfig, tumbling } from 'eventflux'
import { bids, watermark } from '../bid.ts'

/** Highest bid: that of every 10 s, the first of equal ones. */
export const q7 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .window(tumbling('10s'))
    .aggregate(e => ({
      price: max(e.price),
      auction: argMax(e.auction, e.price),
      bidder: argMax(e.bidder, e.price),
      dateTime: argMax(e.dateTime, e.price),
    }))
