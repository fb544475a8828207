import { aggregateOf, everyInterval, globalWindow, type PipelineConfig } from 'eventflux'
import { bids, watermark } from '../bid.ts'

const MOST = 10

interface RankedBid {
  readonly price: number
  readonly bidder: number
  readonly dateTime: number
}

/** The highest bids, the highest first; of equal ones the first comes first. */
const highestBids = aggregateOf({
  name: 'highestBids',
  create: (): RankedBid[] => [],
  add(highest: RankedBid[], price: number, bidder: number, dateTime: number) {
    if (highest.length === MOST && price <= highest[MOST - 1]!.price) return highest
    const at = highest.findIndex(bid => bid.price < price)
    highest.splice(at < 0 ? highest.length : at, 0, { price, bidder, dateTime })
    if (highest.length > MOST) highest.pop()
    return highest
  },
  result: highest => [...highest],
})

/** Top ten: the ten highest bids of every auction so far, given anew every 10 s in which there was another bid. */
export const q19 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .keyBy('auction')
    .window(globalWindow({ trigger: everyInterval('10s') }))
    .aggregate(e => ({ bids: highestBids(e.price, e.bidder, e.dateTime) }))
