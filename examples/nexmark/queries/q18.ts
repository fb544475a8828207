import { everyInterval, globalWindow, last, type PipelineConfig } from 'eventflux'
import { bids, watermark } from '../bid.ts'

/** Last bids: that of every bidder on every auction, given anew every 10 s in which there was another. */
export const q18 = (config?: PipelineConfig) =>
  bids(['bidder', 'auction', 'price', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .keyBy('bidder', 'auction')
    .window(globalWindow({ trigger: everyInterval('10s') }))
    .aggregate(e => ({ price: last(e.price), dateTime: last(e.dateTime) }))
