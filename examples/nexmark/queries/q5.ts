import { count, type Duration, desc, hopping, type PipelineConfig } from 'eventflux'
import { bids, watermark } from '../bid.ts'

/** Hot items: the auctions with the most bids of the last 10 s, every 2 s; all of those with equally many. */
export const q5 = (config?: PipelineConfig, slide: Duration = '2s') =>
  bids(['auction', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .keyBy('auction')
    .window(hopping('10s', slide))
    .aggregate(() => ({ bids: count() }))
    .topN(1, r => desc(r.bids), { ties: 'keep' })
