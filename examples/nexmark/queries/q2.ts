import type { PipelineConfig } from 'eventflux'
import { bids } from '../bid.ts'

/** Selection: bids on some of the auctions. */
export const q2 = (config?: PipelineConfig) => bids(['auction', 'price'], config).filter(e => e.auction.mod(123).eq(0))
