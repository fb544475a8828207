import { BLOCK_ROWS } from './bid-columns.ts'
import type { Loop } from './loops.ts'
import { ResultRows } from './results.ts'

const FIRST_ID = 1_000
const TEN_SECONDS = 10_000
const MINUTE = 60_000
const DAY = 86_400_000
/** How far the watermark is behind the latest bid. */
const BEHIND_MS = 4_001

const greatest = (ids: Int32Array): number => ids.reduce((most, id) => Math.max(most, id), 0)

/** How far the clock moves on from block to block: ten seconds are about as many bids as in the other queries. */
export const BLOCK_MS = 1_780

/** All bids of a block have one time. */
export const q12: Loop = ({ rows, bidder }, consume) => {
  const out = new ResultRows(4, consume)
  const counts = new Int32Array(greatest(bidder) + 1)
  const met = new Int32Array(counts.length)
  let bidders = 0
  const tell = (start: number): void => {
    for (let k = 0; k < bidders; k++) {
      const row = out.next()
      for (const [column, value] of [start, start + TEN_SECONDS, met[k]!, counts[met[k]!]!].entries())
        out.columns[column]![row] = value
      counts[met[k]!] = 0
    }
    bidders = 0
  }
  let start = 0
  for (let from = 0, now = 0; from < rows; from += BLOCK_ROWS, now += BLOCK_MS) {
    if (now >= start + TEN_SECONDS) {
      tell(start)
      start = Math.floor(now / TEN_SECONDS) * TEN_SECONDS
    }
    for (let i = from, to = Math.min(rows, from + BLOCK_ROWS); i < to; i++)
      if (counts[bidder[i]!]!++ === 0) met[bidders++] = bidder[i]!
  }
  tell(start)
  out.flush()
}

/**
 * Counts by channel, and of which ranks a channel has met each bidder and auction: bits in tables of channels and ids for
 * the four channels half of the bids come by, in a hash table for the others.
 */
export const q16: Loop = ({ rows, channel, auction, bidder, price, dateTime }, consume) => {
  const out = new ResultRows(16, consume, { 2: channel.dictionary })
  const width = 13
  const totals = new Float64Array(channel.dictionary.length * width)
  const [bidders, auctions] = [new MetPairs(channel.dictionary.length), new MetPairs(channel.dictionary.length)]
  for (let i = 0; i < rows; ) {
    const start = Math.floor(dateTime[i]! / DAY) * DAY
    const end = start + DAY
    for (; i < rows && dateTime[i]! < end; i++) {
      const c = channel.codes[i]!
      const at = c * width
      const p = price[i]!
      const rank = p < 10_000 ? 1 : p < 1_000_000 ? 2 : 3
      const bit = 1 << rank
      totals[at]!++
      totals[at + rank]!++
      const b = bidders.meet(c, bidder[i]!, bit)
      if ((b & bit) === 0) {
        if (b === 0) totals[at + 4]!++
        totals[at + 4 + rank]!++
      }
      const a = auctions.meet(c, auction[i]!, bit)
      if ((a & bit) === 0) {
        if (a === 0) totals[at + 8]!++
        totals[at + 8 + rank]!++
      }
      totals[at + 12] = dateTime[i]!
    }
    for (let c = 0; c < channel.dictionary.length; c++) {
      const at = c * width
      if (totals[at] === 0) continue
      const row = out.next()
      out.columns[0]![row] = start
      out.columns[1]![row] = end
      out.columns[2]![row] = c
      out.columns[3]![row] = Math.floor(totals[at + 12]! / MINUTE) * MINUTE
      for (let k = 0; k < 12; k++) out.columns[4 + k]![row] = totals[at + k]!
    }
    totals.fill(0)
    bidders.clear()
    auctions.clear()
  }
  out.flush()
}

/** Pairs of a small number and an id, with bits: an open-addressing table. */
class MetPairs {
  readonly #width: number
  #pairs = new Float64Array(1 << 16).fill(-1)
  #bits = new Uint8Array(1 << 16)
  #used = 0

  constructor(width: number) {
    this.#width = width
  }

  /** Sets a bit of a pair; returns those it had before. */
  meet(small: number, id: number, bit: number): number {
    const at = this.#find(id * this.#width + small)
    const before = this.#bits[at]!
    this.#bits[at] = before | bit
    return before
  }

  clear(): void {
    this.#pairs.fill(-1)
    this.#bits.fill(0)
    this.#used = 0
  }

  #find(pair: number): number {
    const pairs = this.#pairs
    const mask = pairs.length - 1
    let at = Math.imul(pair ^ (pair / 4_294_967_296), 0x9e3779b1) >>> 8
    for (at &= mask; pairs[at] !== pair; at = (at + 1) & mask) {
      if (pairs[at] !== -1) continue
      if (this.#used * 2 >= pairs.length) {
        this.#grow()
        return this.#find(pair)
      }
      this.#used++
      pairs[at] = pair
      return at
    }
    return at
  }

  #grow(): void {
    const [pairs, bits] = [this.#pairs, this.#bits]
    this.#pairs = new Float64Array(pairs.length * 2).fill(-1)
    this.#bits = new Uint8Array(pairs.length * 2)
    this.#used = 0
    for (const [i, pair] of pairs.entries()) if (pair !== -1) this.#bits[this.#find(pair)] = bits[i]!
  }
}

/**
 * The keys with new bids, by the multiple of ten seconds at which they fire: the next one; or, of keys that begin behind it
 * while the watermark isn't there yet, the one after.
 */
class Firings {
  nextAt: number
  /** By key: 1 while it waits, and 2 once it has fired. */
  readonly #states: Uint8Array
  #next: Int32Array
  #nextCount = 0
  #later: Int32Array
  #laterCount = 0

  constructor(keys: number, most: number, firstTime: number) {
    this.#states = new Uint8Array(keys)
    this.#next = new Int32Array(most)
    this.#later = new Int32Array(most)
    this.nextAt = (Math.floor(firstTime / TEN_SECONDS) + 1) * TEN_SECONDS
  }

  change(key: number, time: number): void {
    const state = this.#states[key]!
    if ((state & 1) !== 0) return
    this.#states[key] = state | 1
    if (state === 0 && time >= this.nextAt) this.#later[this.#laterCount++] = key
    else this.#next[this.#nextCount++] = key
  }

  advance(watermark: number, fire: (key: number, time: number) => void): void {
    while (watermark >= this.nextAt && this.#nextCount + this.#laterCount > 0) {
      const fired = this.#next
      for (let k = 0; k < this.#nextCount; k++) {
        fire(fired[k]!, this.nextAt)
        this.#states[fired[k]!] = 2
      }
      this.#next = this.#later
      this.#nextCount = this.#laterCount
      this.#later = fired
      this.#laterCount = 0
      this.nextAt += TEN_SECONDS
    }
    if (watermark < Number.POSITIVE_INFINITY && watermark >= this.nextAt)
      this.nextAt = (Math.floor(watermark / TEN_SECONDS) + 1) * TEN_SECONDS
  }
}

/** Bids by bidder and auction in an open-addressing table; those with a new one are noted. */
export const q18: Loop = ({ rows, auction, bidder, price, dateTime }, consume) => {
  const out = new ResultRows(5, consume)
  const width = greatest(auction) + 1
  const capacity = 2 ** Math.ceil(Math.log2(rows * 2))
  const mask = capacity - 1
  const pairs = new Float64Array(capacity)
  const [prices, times] = [new Int32Array(capacity), new Float64Array(capacity)]
  const firings = new Firings(capacity, rows, dateTime[0]!)
  const fire = (at: number, time: number): void => {
    const row = out.next()
    out.columns[0]![row] = time
    out.columns[1]![row] = Math.floor(pairs[at]! / width)
    out.columns[2]![row] = pairs[at]! % width
    out.columns[3]![row] = prices[at]!
    out.columns[4]![row] = times[at]!
  }
  for (let i = 0; i < rows; i++) {
    const pair = bidder[i]! * width + auction[i]!
    let at = (Math.imul(bidder[i]!, 0x9e3779b1) ^ Math.imul(auction[i]!, 0x85ebca6b)) & mask
    while (pairs[at] !== pair && pairs[at] !== 0) at = (at + 1) & mask
    pairs[at] = pair
    prices[at] = price[i]!
    times[at] = dateTime[i]!
    firings.change(at, dateTime[i]!)
    if (dateTime[i]! - BEHIND_MS >= firings.nextAt) firings.advance(dateTime[i]! - BEHIND_MS, fire)
  }
  firings.advance(Number.POSITIVE_INFINITY, fire)
  out.flush()
}

const MOST = 10

/** Ten places of three numbers an auction, side by side; one row for each place of an auction that fires. */
export const q19: Loop = ({ rows, auction, bidder, price, dateTime }, consume) => {
  const out = new ResultRows(6, consume)
  const auctions = greatest(auction) - FIRST_ID + 1
  const stride = MOST * 3
  const places = new Float64Array(auctions * stride)
  const held = new Uint8Array(auctions)
  const firings = new Firings(auctions, auctions, dateTime[0]!)
  const fire = (id: number, time: number): void => {
    for (let place = 0, at = id * stride; place < held[id]!; place++, at += 3) {
      const row = out.next()
      out.columns[0]![row] = time
      out.columns[1]![row] = id + FIRST_ID
      out.columns[2]![row] = places[at + 1]!
      out.columns[3]![row] = places[at]!
      out.columns[4]![row] = places[at + 2]!
      out.columns[5]![row] = place + 1
    }
  }
  for (let i = 0; i < rows; i++) {
    const id = auction[i]! - FIRST_ID
    const base = id * stride
    const p = price[i]!
    const count = held[id]!
    if (count < MOST || p > places[base + (MOST - 1) * 3]!) {
      let place = count < MOST ? count : MOST - 1
      held[id] = place + 1
      for (; place > 0 && places[base + (place - 1) * 3]! < p; place--)
        places.copyWithin(base + place * 3, base + (place - 1) * 3, base + place * 3)
      places[base + place * 3] = p
      places[base + place * 3 + 1] = bidder[i]!
      places[base + place * 3 + 2] = dateTime[i]!
    }
    firings.change(id, dateTime[i]!)
    if (dateTime[i]! - BEHIND_MS >= firings.nextAt) firings.advance(dateTime[i]! - BEHIND_MS, fire)
  }
  firings.advance(Number.POSITIVE_INFINITY, fire)
  out.flush()
}
