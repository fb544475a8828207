import { count, type Duration, hopping, i32, type PipelineConfig, type Processor, schema, timestamp } from 'eventflux'
import { bids, watermark } from '../bid.ts'

interface AuctionBids {
  readonly windowStart: number
  readonly windowEnd: number
  readonly auction: number
  readonly bids: number
}

const hotItems = schema({ windowStart: timestamp(), windowEnd: timestamp(), auction: i32(), bids: i32() })

/** Hot items: the auctions with the most bids of the last 10 s, every 2 s; all of those with equally many. */
export const q5 = (config?: PipelineConfig, slide: Duration = '2s') =>
  bids(['auction', 'dateTime'], config)
    .eventTime('dateTime', watermark)
    .keyBy('auction')
    .window(hopping('10s', slide))
    .aggregate(() => ({ bids: count() }))
    .process(hotItems, hottest)

/** Results come window by window: keeps the best of one until it is over. */
function hottest(): Processor<AuctionBids, AuctionBids> {
  let best: AuctionBids[] = []
  return {
    process(row, emit) {
      const [first] = best
      if (first !== undefined && row.windowStart !== first.windowStart) {
        best.forEach(emit)
        best = []
      }
      const most = best[0]?.bids ?? 0
      if (row.bids > most) best = []
      if (row.bids >= most) best.push({ ...row })
    },
    onWatermark(_, emit) {
      best.forEach(emit)
      best = []
    },
    snapshot: () => best,
    restore(state) {
      best = state as AuctionBids[]
    },
  }
}
