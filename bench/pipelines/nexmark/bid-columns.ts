import type { BidColumn } from '../../../examples/nexmark/bid.ts'
import { bidBlocks } from '../../../examples/nexmark/generator/bid-stream.ts'

export const BLOCK_ROWS = 16_384

/** Text as positions in a list. */
export interface CodedText {
  readonly codes: Int32Array
  readonly dictionary: readonly string[]
}

/** The columns of a stretch of bids, whole. */
export interface BidColumns {
  readonly rows: number
  readonly auction: Int32Array
  readonly bidder: Int32Array
  readonly price: Int32Array
  readonly dateTime: Float64Array
  readonly channel: CodedText
  readonly url: CodedText
  /** Empty unless it was asked for: a string of its own for each bid. */
  readonly extra: readonly string[]
}

/** Draws the bids of `events` events, at so many a second. */
export function makeBids(events: number, eventsPerSecond: number, withExtra = false): BidColumns {
  const room = Math.ceil(events / 50) * 46
  const all = {
    auction: new Int32Array(room),
    bidder: new Int32Array(room),
    price: new Int32Array(room),
    dateTime: new Float64Array(room),
  }
  const codes = new Int32Array(room)
  const extra: string[] = []
  let [channels, urls]: (readonly string[])[] = []
  const names = Object.keys(all) as (keyof typeof all)[]
  const columns: BidColumn[] = [...names, 'channel', 'url', ...(withExtra ? (['extra'] as const) : [])]
  let rows = 0
  for (const block of bidBlocks(columns, { events, eventsPerSecond })) {
    for (const name of names) all[name].set(block[name] as never, rows)
    const [channel, url] = [block.channel as CodedText, block.url as CodedText]
    codes.set(channel.codes, rows)
    ;[channels, urls] = [channel.dictionary, url.dictionary]
    if (withExtra) for (const text of block.extra as string[]) extra.push(text)
    rows += channel.codes.length
  }
  const cut = Object.fromEntries(names.map(name => [name, all[name].subarray(0, rows)])) as unknown as typeof all
  const used = codes.subarray(0, rows)
  const text = { channel: { codes: used, dictionary: channels! }, url: { codes: used, dictionary: urls! }, extra }
  return { rows, ...cut, ...text }
}

/** Some of the columns in blocks, as a decoder or a socket would give them. */
export function blocksOf(bids: BidColumns, columns: readonly BidColumn[]) {
  return Array.from({ length: Math.ceil(bids.rows / BLOCK_ROWS) }, (_, block) => {
    const [from, to] = [block * BLOCK_ROWS, (block + 1) * BLOCK_ROWS]
    return Object.fromEntries(columns.map(name => [name, part(bids[name], from, to)]))
  })
}

function part(column: BidColumns[BidColumn], from: number, to: number) {
  if ('codes' in column) return { codes: column.codes.subarray(from, to), dictionary: column.dictionary }
  return Array.isArray(column) ? column.slice(from, to) : (column as Int32Array).subarray(from, to)
}
