import type { BidColumn } from '../../../examples/nexmark/bid.ts'
import { bidBlocks } from '../../../examples/nexmark/generator/bid-stream.ts'

const BLOCK_ROWS = 16_384

/** The numbers of a stretch of bids, whole. */
export interface BidColumns {
  readonly rows: number
  readonly auction: Int32Array
  readonly bidder: Int32Array
  readonly price: Int32Array
  readonly dateTime: Float64Array
}

/** Draws the bids of `events` events, at so many a second. */
export function makeBids(events: number, eventsPerSecond: number): BidColumns {
  const room = Math.ceil(events / 50) * 46
  const all = {
    auction: new Int32Array(room),
    bidder: new Int32Array(room),
    price: new Int32Array(room),
    dateTime: new Float64Array(room),
  }
  const names = Object.keys(all) as (keyof typeof all)[]
  let rows = 0
  for (const block of bidBlocks(names, { events, eventsPerSecond })) {
    for (const name of names) all[name].set(block[name] as never, rows)
    rows += (block.auction as Int32Array).length
  }
  const cut = Object.fromEntries(names.map(name => [name, all[name].subarray(0, rows)]))
  return { rows, ...(cut as unknown as typeof all) }
}

/** Some of the columns in blocks, as a decoder or a socket would give them. */
export function blocksOf(bids: BidColumns, columns: readonly BidColumn[]) {
  return Array.from({ length: Math.ceil(bids.rows / BLOCK_ROWS) }, (_, block) =>
    Object.fromEntries(
      columns.map(name => [
        name,
        bids[name as keyof Omit<BidColumns, 'rows'>].subarray(block * BLOCK_ROWS, (block + 1) * BLOCK_ROWS),
      ]),
    ),
  )
}
