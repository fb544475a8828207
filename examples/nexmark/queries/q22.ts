import type { PipelineConfig } from 'eventflux'
import { bids } from '../bid.ts'

/** Directories of urls. */
export const q22 = (config?: PipelineConfig) =>
  bids(['auction', 'bidder', 'price', 'channel', 'url'], config).project(e => ({
    auction: e.auction,
    bidder: e.bidder,
    price: e.price,
    channel: e.channel,
    dir1: e.url.splitPart('/', 3),
    dir2: e.url.splitPart('/', 4),
    dir3: e.url.splitPart('/', 5),
  }))
