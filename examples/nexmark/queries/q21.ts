import { type PipelineConfig, when } from 'eventflux'
import { bids } from '../bid.ts'

/** Channel ids: of the known channels by name, of the others by what their url says; bids without one are left out. */
export const q21 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'channel', 'url'], config)
    .project(e => ({
      auction: e.auction,
      bidder: e.bidder,
      price: e.price,
      channel: e.channel,
      channelId: when(e.channel.lower().eq('apple'), '0')
        .when(e.channel.lower().eq('google'), '1')
        .when(e.channel.lower().eq('facebook'), '2')
        .when(e.channel.lower().eq('baidu'), '3')
        // What stands between '&channel_id=' and the next '&'.
        .otherwise(e.url.splitPart('&channel_id=', 1).splitPart('&', 0)),
    }))
    .filter(e => e.channelId.isNotNull())
