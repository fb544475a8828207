import { type PipelineConfig, tumbling } from 'eventflux'
import { bids, watermark } from '../bid.ts'
import { statisticsByRank } from './price-ranks.ts'

/** Bidding statistics: bids, bidders and auctions of a day, exactly. */
export const q15 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .window(tumbling('1d'))
    .aggregate(e => statisticsByRank(e))
