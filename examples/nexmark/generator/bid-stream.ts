import type { ColumnBlock } from 'eventflux'
import type { Bid, BidColumn } from '../bid.ts'
import { BIDS_OF_TURN, drawAuction, drawBidder, drawExtra, drawPrice, kindOf, TURN } from './bid-draws.ts'
import { channelCode, channels, urls } from './channels.ts'
import { JavaRandom } from './java-random.ts'

/** 2015-07-15T00:00:00Z. */
export const BASE_TIME = 1_436_918_400_000
const BLOCK_ROWS = 16_384

/** A stretch of the stream. */
export interface BidStreamOptions {
  /** Events, bids or not: 46 of 50 are bids. */
  readonly events: number
  /** Id of the first; a multiple of 50. Default 0. */
  readonly firstEventId?: number
  /** Default 10,000, which is NEXMark's. */
  readonly eventsPerSecond?: number
}

/**
 * The bids of a stretch, in blocks for `pushColumns`, with the columns named. Arrays are used again for the next block.
 */
export function* bidBlocks(columns: readonly BidColumn[], options: BidStreamOptions): Generator<ColumnBlock> {
  const { events, firstEventId = 0, eventsPerSecond = 10_000 } = options
  const delayUs = Math.round(1e6 / eventsPerSecond)
  const room = new BidBlock(columns)
  for (let number = 0; number < events; ) {
    room.length = 0
    for (; number < events && room.length + TURN <= BLOCK_ROWS; number += TURN) {
      room.addTurn(firstEventId + number, Math.min(TURN, events - number), number * delayUs, delayUs)
    }
    yield room.block()
  }
}

/** The same bids as rows. */
export function* bidRows(options: BidStreamOptions): Generator<Bid> {
  const { events, firstEventId = 0, eventsPerSecond = 10_000 } = options
  const delayUs = Math.round(1e6 / eventsPerSecond)
  const random = new JavaRandom()
  for (let number = 0; number < events; number++) {
    const id = firstEventId + number
    if (kindOf(id) === 'bid') yield bidOf(random, id, BASE_TIME + Math.trunc((number * delayUs) / 1_000))
  }
}

function bidOf(random: JavaRandom, id: number, dateTime: number): Bid {
  const turn = Math.floor(id / TURN)
  random.seed(id)
  const auction = drawAuction(random, turn)
  const bidder = drawBidder(random, turn)
  const price = drawPrice(random)
  const extra = drawExtra(random)
  const code = channelCode(id)
  return { auction, bidder, price, dateTime, channel: channels[code]!, url: urls[code]!, extra }
}

/** Typed arrays that turns of events are drawn into. */
class BidBlock {
  length = 0
  readonly #random = new JavaRandom()
  readonly #auction = new Int32Array(BLOCK_ROWS)
  readonly #bidder = new Int32Array(BLOCK_ROWS)
  readonly #price = new Int32Array(BLOCK_ROWS)
  readonly #dateTime = new Float64Array(BLOCK_ROWS)
  readonly #channel = new Int32Array(BLOCK_ROWS)
  readonly #extra: string[] = new Array(BLOCK_ROWS)
  readonly #columns: readonly BidColumn[]
  readonly #drawsPrice: boolean
  readonly #drawsExtra: boolean

  constructor(columns: readonly BidColumn[]) {
    this.#columns = columns
    this.#drawsExtra = columns.includes('extra')
    // Draws are in sequence: what comes behind the last that is wanted needn't be drawn.
    this.#drawsPrice = this.#drawsExtra || columns.includes('price')
  }

  /** The bids among the first `events` of the turn that begins at `firstId`. */
  addTurn(firstId: number, events: number, firstUs: number, delayUs: number): void {
    const turn = Math.floor(firstId / TURN)
    const random = this.#random
    for (let slot = TURN - BIDS_OF_TURN; slot < events; slot++) {
      const row = this.length++
      random.seed(firstId + slot)
      this.#auction[row] = drawAuction(random, turn)
      this.#bidder[row] = drawBidder(random, turn)
      if (this.#drawsPrice) this.#price[row] = drawPrice(random)
      if (this.#drawsExtra) this.#extra[row] = drawExtra(random)
      this.#channel[row] = channelCode(firstId + slot)
      this.#dateTime[row] = BASE_TIME + Math.floor((firstUs + slot * delayUs) / 1_000)
    }
  }

  block(): ColumnBlock {
    return Object.fromEntries(this.#columns.map(name => [name, this.#column(name)]))
  }

  #column(name: BidColumn): ColumnBlock[string] {
    const codes = this.#channel.subarray(0, this.length)
    switch (name) {
      case 'auction':
        return this.#auction.subarray(0, this.length)
      case 'bidder':
        return this.#bidder.subarray(0, this.length)
      case 'price':
        return this.#price.subarray(0, this.length)
      case 'dateTime':
        return this.#dateTime.subarray(0, this.length)
      case 'channel':
        return { codes, dictionary: channels }
      case 'url':
        return { codes, dictionary: urls }
      case 'extra':
        return this.#extra.slice(0, this.length)
    }
  }
}
