import { max, type PipelineConfig, tumbling } from 'eventflux'
import { bids, watermark } from '../bid.ts'
import { statisticsByRank } from './price-ranks.ts'

/** Channel statistics: the same for every channel, and when its last bid of the day was. */
export const q16 = (config?: PipelineConfig) =>
  bids(['channel', 'auction', 'bidder', 'price', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .keyBy('channel')
    .window(tumbling('1d'))
    .aggregate(e => ({ lastMinute: max(e.dateTime.floorTo('1m')), ...statisticsByRank(e) }))
