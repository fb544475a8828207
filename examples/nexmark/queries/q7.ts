import { desc, type PipelineConfig, tumbling } from 'eventflux'
import { bids, watermark } from '../bid.ts'

/** Highest bid: that of every 10 s, and all others with its price. */
export const q7 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .window(tumbling('10s'))
    .topRows(1, e => desc(e.price), { ties: 'keep' })
