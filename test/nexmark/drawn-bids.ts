import type { ColumnBlock } from 'eventflux'
import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { kindOf } from '../../examples/nexmark/generator/bid-draws.ts'
import { BASE_TIME, bidBlocks } from '../../examples/nexmark/generator/bid-stream.ts'
import type { CodedStrings } from '../../src/memory/column-input.ts'

const BLOCK_ROWS = 16_384

/** The bids of a stretch of events, drawn once, for queries that say at what pace events come. */
export class DrawnBids {
  readonly rows: number
  readonly auction: Int32Array
  readonly bidder: Int32Array
  readonly price: Int32Array
  readonly channel: CodedStrings
  readonly url: CodedStrings
  readonly extra: readonly string[]
  readonly #eventIds: Int32Array

  constructor(events: number) {
    this.#eventIds = Int32Array.from({ length: events }, (_, id) => id).filter(id => kindOf(id) === 'bid')
    this.rows = this.#eventIds.length
    const columns = ['auction', 'bidder', 'price', 'channel', 'url', 'extra'] as const
    const room = () => new Int32Array(this.rows)
    ;[this.auction, this.bidder, this.price] = [room(), room(), room()]
    const codes = room()
    const extra: string[] = []
    let [channels, urls]: (readonly string[])[] = []
    for (const block of bidBlocks(columns, { events })) {
      const from = extra.length
      for (const name of ['auction', 'bidder', 'price'] as const) this[name].set(block[name] as Int32Array, from)
      const [channel, url] = [block.channel as CodedStrings, block.url as CodedStrings]
      codes.set(channel.codes, from)
      ;[channels, urls] = [channel.dictionary, url.dictionary]
      for (const text of block.extra as string[]) extra.push(text)
    }
    this.channel = { codes, dictionary: channels! }
    this.url = { codes, dictionary: urls! }
    this.extra = extra
  }

  timeOf(row: number, eventsPerSecond: number): number {
    return BASE_TIME + Math.floor((this.#eventIds[row]! * 1_000) / eventsPerSecond)
  }

  /** Some of the columns, in blocks. */
  *blocks(columns: readonly BidColumn[], eventsPerSecond: number, rows = BLOCK_ROWS): Generator<ColumnBlock> {
    for (let from = 0; from < this.rows; from += rows) {
      const to = Math.min(this.rows, from + rows)
      yield Object.fromEntries(columns.map(name => [name, this.#part(name, from, to, eventsPerSecond)]))
    }
  }

  #part(name: BidColumn, from: number, to: number, eventsPerSecond: number): ColumnBlock[string] {
    if (name === 'dateTime')
      return Float64Array.from({ length: to - from }, (_, i) => this.timeOf(from + i, eventsPerSecond))
    if (name === 'extra') return this.extra.slice(from, to)
    if (name === 'channel' || name === 'url') {
      const { codes, dictionary } = this[name]
      return { codes: (codes as Int32Array).subarray(from, to), dictionary }
    }
    return this[name].subarray(from, to)
  }
}
