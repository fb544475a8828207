import { count, type PipelineConfig, session } from 'eventflux'
import { bids, watermark } from '../bid.ts'

/** User sessions: bids of a bidder until there is none for 10 s. */
export const q11 = (config?: PipelineConfig) =>
  bids(['bidder', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .keyBy('bidder')
    .window(session('10s'))
    .aggregate(() => ({ bids: count() }))
