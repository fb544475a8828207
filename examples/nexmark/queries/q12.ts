import { count, type PipelineConfig, timeBatch } from 'eventflux'
import { bids } from '../bid.ts'

/** Processing-time windows: bids of a bidder in every 10 s of the job's clock. */
export const q12 = (config?: PipelineConfig) =>
  bids(['bidder'], config)
    .keyBy('bidder')
    .window(timeBatch('10s', { start: 0, emitIncomplete: true }))
    .aggregate(() => ({ bids: count() }))
