import type { BidColumns } from './bid-columns.ts'
import { type Consumer, ResultRows } from './results.ts'

/**
 * A query written by hand over whole columns. These know what the stream is like: in order, with ids that are positions in
 * an array of moderate size.
 */
export type Loop = (bids: BidColumns, consume: Consumer) => void

const FIRST_ID = 1_000
const TEN_SECONDS = 10_000
const SLIDE_MS = 2_000
const SLIDES = TEN_SECONDS / SLIDE_MS
const DAY = 86_400_000
const BLOCK = 4_096

/** Passing on costs a copy: what comes from a socket is overwritten. */
export const q0: Loop = ({ rows, auction, bidder, price, dateTime }, consume) => {
  const columns = [new Int32Array(BLOCK), new Int32Array(BLOCK), new Int32Array(BLOCK), new Float64Array(BLOCK)]
  const sources = [auction, bidder, price, dateTime]
  for (let from = 0; from < rows; from += BLOCK) {
    const to = Math.min(rows, from + BLOCK)
    for (let i = 0; i < sources.length; i++) columns[i]!.set(sources[i]!.subarray(from, to))
    consume({ length: to - from, columns })
  }
}

export const q1: Loop = ({ rows, auction, bidder, price, dateTime }, consume) => {
  const [auctions, bidders, times] = [new Int32Array(BLOCK), new Int32Array(BLOCK), new Float64Array(BLOCK)]
  const converted = new Float64Array(BLOCK)
  const columns = [auctions, bidders, converted, times]
  for (let from = 0; from < rows; from += BLOCK) {
    const to = Math.min(rows, from + BLOCK)
    auctions.set(auction.subarray(from, to))
    bidders.set(bidder.subarray(from, to))
    times.set(dateTime.subarray(from, to))
    for (let i = from; i < to; i++) converted[i - from] = (price[i]! * 908) / 1_000
    consume({ length: to - from, columns })
  }
}

export const q2: Loop = ({ rows, auction, price }, consume) => {
  const out = new ResultRows(2, consume)
  const [auctions, prices] = out.columns as [Float64Array, Float64Array]
  for (let i = 0; i < rows; i++) {
    const id = auction[i]!
    if (id % 123 !== 0) continue
    const row = out.next()
    auctions[row] = id
    prices[row] = price[i]!
  }
  out.flush()
}

/** Counts of each slide by auction, in a ring of the last five; what lies behind them is taken off again. */
export const q5: Loop = ({ rows, auction, dateTime }, consume) => {
  const out = new ResultRows(4, consume)
  const most = auction.reduce((greatest, id) => Math.max(greatest, id), 0) + 1
  const slides = Array.from({ length: SLIDES }, () => ({
    counts: new Int32Array(most),
    ids: new Int32Array(most),
    met: 0,
  }))
  const totals = new Int32Array(most)
  const open = new Int32Array(most)
  let held = 0
  /** Ends the window that ends with a slide, and makes room for the slide behind it. */
  const fire = (slide: number): void => {
    let greatest = 0
    for (let i = 0; i < held; i++) {
      if (totals[open[i]!]! > greatest) greatest = totals[open[i]!]!
    }
    for (let i = 0; greatest > 0 && i < held; i++) {
      if (totals[open[i]!] !== greatest) continue
      const row = out.next()
      out.columns[0]![row] = (slide - SLIDES + 1) * SLIDE_MS
      out.columns[1]![row] = (slide + 1) * SLIDE_MS
      out.columns[2]![row] = open[i]!
      out.columns[3]![row] = greatest
    }
    const oldest = slides[(slide + 1) % SLIDES]!
    for (let i = 0; i < oldest.met; i++) {
      totals[oldest.ids[i]!]! -= oldest.counts[oldest.ids[i]!]!
      oldest.counts[oldest.ids[i]!] = 0
    }
    oldest.met = 0
    // An auction without bids leaves before it can be met again, or it would stand here twice.
    let left = 0
    for (let i = 0; i < held; i++) if (totals[open[i]!] !== 0) open[left++] = open[i]!
    held = left
  }
  if (rows === 0) return
  let slide = Math.floor(dateTime[0]! / SLIDE_MS)
  for (let i = 0; i < rows; ) {
    const end = (slide + 1) * SLIDE_MS
    const into = slides[slide % SLIDES]!
    for (; i < rows && dateTime[i]! < end; i++) {
      const id = auction[i]!
      if (into.counts[id]!++ === 0) into.ids[into.met++] = id
      if (totals[id]!++ === 0) open[held++] = id
    }
    fire(slide++)
  }
  for (let k = 1; k < SLIDES; k++) fire(slide++)
  out.flush()
}

/** The rows with the highest price so far stand in a list. */
export const q7: Loop = ({ rows, auction, bidder, price, dateTime }, consume) => {
  const out = new ResultRows(6, consume)
  const highest: number[] = []
  for (let i = 0; i < rows; ) {
    const start = Math.floor(dateTime[i]! / TEN_SECONDS) * TEN_SECONDS
    const end = start + TEN_SECONDS
    let most = Number.NEGATIVE_INFINITY
    for (; i < rows && dateTime[i]! < end; i++) {
      const p = price[i]!
      if (p < most) continue
      if (p > most) highest.length = 0
      most = p
      highest.push(i)
    }
    for (const at of highest) {
      const row = out.next()
      for (const [column, value] of [start, end, auction[at]!, bidder[at]!, price[at]!, dateTime[at]!].entries())
        out.columns[column]![row] = value
    }
  }
  out.flush()
}

/** Sessions stand by bidder; every ten seconds those that are over are told. */
export const q11: Loop = ({ rows, bidder, dateTime }, consume) => {
  const out = new ResultRows(4, consume)
  const [starts, ends, bidders, counts] = out.columns as [Float64Array, Float64Array, Float64Array, Float64Array]
  let room = 4_096
  let [first, last, count] = [new Float64Array(room), new Float64Array(room), new Int32Array(room)]
  let open = new Int32Array(room)
  let opened = 0
  const close = (id: number): void => {
    const row = out.next()
    starts[row] = first[id]!
    ends[row] = last[id]! + TEN_SECONDS
    bidders[row] = id + FIRST_ID
    counts[row] = count[id]!
    count[id] = 0
  }
  const sweep = (now: number): void => {
    let kept = 0
    for (let i = 0; i < opened; i++) {
      const id = open[i]!
      if (last[id]! + TEN_SECONDS < now) close(id)
      else open[kept++] = id
    }
    opened = kept
  }
  let nextSweep = Number.NEGATIVE_INFINITY
  for (let i = 0; i < rows; i++) {
    const t = dateTime[i]!
    if (t >= nextSweep) {
      sweep(t)
      nextSweep = t + TEN_SECONDS
    }
    const id = bidder[i]! - FIRST_ID
    if (id >= room) {
      room = Math.max(room * 2, id + 1)
      const longer = [
        new Float64Array(room),
        new Float64Array(room),
        new Int32Array(room),
        new Int32Array(room),
      ] as const
      longer[0].set(first)
      longer[1].set(last)
      longer[2].set(count)
      longer[3].set(open)
      ;[first, last, count, open] = longer
    }
    const n = count[id]!
    if (n === 0) {
      open[opened++] = id
      first[id] = t
      count[id] = 1
    } else if (t - last[id]! > TEN_SECONDS) {
      close(id)
      first[id] = t
      count[id] = 1
    } else count[id] = n + 1
    last[id] = t
  }
  sweep(Number.POSITIVE_INFINITY)
  out.flush()
}

/** Which ids were met with a bid of each rank: bits of a byte. */
export const q15: Loop = ({ rows, auction, bidder, price, dateTime }, consume) => {
  const out = new ResultRows(14, consume)
  const greatest = (ids: Int32Array) => ids.reduce((most, id) => Math.max(most, id), 0)
  const bidders = new Uint8Array(greatest(bidder) + 1)
  const auctions = new Uint8Array(greatest(auction) + 1)
  for (let i = 0; i < rows; ) {
    const start = Math.floor(dateTime[i]! / DAY) * DAY
    const end = start + DAY
    const totals = new Float64Array(12)
    bidders.fill(0)
    auctions.fill(0)
    for (; i < rows && dateTime[i]! < end; i++) {
      const p = price[i]!
      const rank = p < 10_000 ? 1 : p < 1_000_000 ? 2 : 3
      const bit = 1 << rank
      totals[0]!++
      totals[rank]!++
      const b = bidders[bidder[i]!]!
      if ((b & bit) === 0) {
        if (b === 0) totals[4]!++
        totals[4 + rank]!++
        bidders[bidder[i]!] = b | bit
      }
      const a = auctions[auction[i]!]!
      if ((a & bit) === 0) {
        if (a === 0) totals[8]!++
        totals[8 + rank]!++
        auctions[auction[i]!] = a | bit
      }
    }
    const row = out.next()
    out.columns[0]![row] = start
    out.columns[1]![row] = end
    for (let k = 0; k < 12; k++) out.columns[2 + k]![row] = totals[k]!
  }
  out.flush()
}

/** Bids, ranks, minimum, maximum and sum of an auction stand side by side. */
export const q17: Loop = ({ rows, auction, price, dateTime }, consume) => {
  const out = new ResultRows(11, consume)
  const most = auction.reduce((greatest, id) => Math.max(greatest, id), 0) - FIRST_ID + 1
  const fields = new Float64Array(most * 8)
  const met = new Int32Array(most)
  for (let i = 0; i < rows; ) {
    const start = Math.floor(dateTime[i]! / DAY) * DAY
    const end = start + DAY
    let keys = 0
    for (; i < rows && dateTime[i]! < end; i++) {
      const p = price[i]!
      const at = (auction[i]! - FIRST_ID) << 3
      if (fields[at] === 0) {
        met[keys++] = at
        fields[at + 4] = p
        fields[at + 5] = p
      } else {
        if (p < fields[at + 4]!) fields[at + 4] = p
        if (p > fields[at + 5]!) fields[at + 5] = p
      }
      fields[at]!++
      fields[at + (p < 10_000 ? 1 : p < 1_000_000 ? 2 : 3)]!++
      fields[at + 6]! += p
    }
    for (let k = 0; k < keys; k++) {
      const at = met[k]!
      const row = out.next()
      const [count, sum] = [fields[at]!, fields[at + 6]!]
      out.columns[0]![row] = start
      out.columns[1]![row] = end
      out.columns[2]![row] = (at >> 3) + FIRST_ID
      for (let f = 0; f < 6; f++) out.columns[3 + f]![row] = fields[at + f]!
      out.columns[9]![row] = sum / count
      out.columns[10]![row] = sum
      fields.fill(0, at, at + 8)
    }
  }
  out.flush()
}
