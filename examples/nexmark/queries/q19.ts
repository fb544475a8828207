import { desc, everyInterval, globalWindow, type PipelineConfig } from 'eventflux'
import { bids, watermark } from '../bid.ts'

/** Top ten: the ten highest bids of every auction so far, given anew every 10 s in which there was another bid. */
export const q19 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .keyBy('auction')
    .window(globalWindow({ trigger: everyInterval('10s') }))
    .topRows(10, e => desc(e.price), { rank: 'place' })
