import { count, type PipelineConfig, tumbling } from 'eventflux'
import { bids } from '../bid.ts'

/** Processing-time windows: bids of a bidder in every 10 s of the job's clock. */
export const q12 = (config?: PipelineConfig) =>
  bids(['bidder'], config)
    .processingTime('arrivedAt')
    .keyBy('bidder')
    .window(tumbling('10s'))
    .aggregate(() => ({ bids: count() }))
