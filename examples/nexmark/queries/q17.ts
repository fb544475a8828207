import { avg, max, min, type PipelineConfig, sum, tumbling } from 'eventflux'
import { bids, watermark } from '../bid.ts'
import { bidsByRank } from './price-ranks.ts'

/** Auction statistics: bids and prices of every auction, by day. */
export const q17 = (config?: PipelineConfig) =>
  bids(['auction', 'price', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .keyBy('auction')
    .window(tumbling('1d'))
    .aggregate(e => ({
      ...bidsByRank(e.price),
      minPrice: min(e.price),
      maxPrice: max(e.price),
      avgPrice: avg(e.price),
      sumPrice: sum(e.price),
    }))
