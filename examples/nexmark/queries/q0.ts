import type { PipelineConfig } from 'eventflux'
import { bids } from '../bid.ts'

/** Pass through: what carrying a bid costs. */
export const q0 = (config?: PipelineConfig) => bids(['auction', 'bidder', 'price', 'dateTime', 'extra'], config)
