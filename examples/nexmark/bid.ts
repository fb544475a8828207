import { i32, type PipelineConfig, pipeline, type ResultRow, type Schema, schema, timestamp, utf8 } from 'eventflux'

const fields = {
  auction: i32(),
  bidder: i32(),
  /** In cents. */
  price: i32(),
  dateTime: timestamp(),
  channel: utf8(),
  url: utf8(),
  extra: utf8(),
}

export type BidColumn = keyof typeof fields
export type Bid = ResultRow<Schema<typeof fields>>

/** The stream of bids, of which a query names the columns it looks at. */
export function bids<C extends BidColumn>(columns: readonly C[], config?: PipelineConfig) {
  const named = Object.fromEntries(columns.map(name => [name, fields[name]])) as Pick<typeof fields, C>
  return pipeline(schema(named), config)
}

/** The watermark of nexmark-flink: 4 s behind the latest bid. */
export const watermark = { outOfOrdernessMs: 4_000 }
