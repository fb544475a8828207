import type { BidColumns } from './bid-columns.ts'
import type { Loop } from './loops.ts'
import { type Consumer, ResultRows } from './results.ts'

const HOUR = 3_600_000
const C = 'c'.charCodeAt(0)
const TIMES = ['dayTime', 'nightTime', 'otherTime']

/** Looks at the text of the bids that are left only, and makes none. */
export const q14: Loop = ({ rows, auction, bidder, price, dateTime, extra }, consume) => {
  const out = new ResultRows(7, consume, { 3: TIMES, 5: extra })
  const [auctions, bidders, prices, times, instants, extras, counts] = out.columns as Float64Array[]
  for (let i = 0; i < rows; i++) {
    const converted = (price[i]! * 908) / 1_000
    if (!(converted > 1_000_000 && converted < 50_000_000)) continue
    const hour = Math.floor(dateTime[i]! / HOUR) % 24
    const text = extra[i]!
    let count = 0
    for (let k = 0; k < text.length; k++) if (text.charCodeAt(k) === C) count++
    const row = out.next()
    auctions![row] = auction[i]!
    bidders![row] = bidder[i]!
    prices![row] = converted
    times![row] = hour >= 8 && hour <= 18 ? 0 : hour <= 6 || hour >= 20 ? 1 : 2
    instants![row] = dateTime[i]!
    extras![row] = i
    counts![row] = count
  }
  out.flush()
}

/** Words made of texts, once for each text, and a list of them. */
class Derived {
  /** By text the position of its word, -1 where it has none, -2 until it was looked at. */
  readonly codes: Int32Array
  readonly words: string[]
  readonly #known: Map<string, number>

  constructor(texts: readonly string[], words: readonly string[] = []) {
    this.codes = new Int32Array(texts.length).fill(-2)
    this.words = [...words]
    this.#known = new Map(words.map((word, i) => [word, i]))
  }

  note(text: number, word: string | undefined): number {
    if (word === undefined) return (this.codes[text] = -1)
    let code = this.#known.get(word)
    if (code === undefined) this.#known.set(word, (code = this.words.push(word) - 1))
    return (this.codes[text] = code)
  }
}

const NAMES = ['apple', 'google', 'facebook', 'baidu']

/** A channel that is known by name, else a page, is looked at once. */
export const q21: Loop = ({ rows, auction, bidder, price, channel, url }, consume) => {
  const byName = new Int32Array(channel.dictionary.length).fill(-2)
  const ids = new Derived(url.dictionary, ['0', '1', '2', '3'])
  const out = new ResultRows(5, consume, { 3: channel.dictionary, 4: ids.words })
  const [auctions, bidders, prices, channels, channelIds] = out.columns as Float64Array[]
  for (let i = 0; i < rows; i++) {
    const name = channel.codes[i]!
    let id = byName[name]!
    if (id === -2) id = byName[name] = NAMES.indexOf(channel.dictionary[name]!.toLowerCase())
    if (id < 0) {
      const page = url.codes[i]!
      id = ids.codes[page]!
      if (id === -2) id = ids.note(page, /(&|^)channel_id=([^&]*)/.exec(url.dictionary[page]!)?.[2])
      if (id < 0) continue
    }
    const row = out.next()
    auctions![row] = auction[i]!
    bidders![row] = bidder[i]!
    prices![row] = price[i]!
    channels![row] = name
    channelIds![row] = id
  }
  out.flush()
}

/** A page is taken apart once. */
export const q22: Loop = ({ rows, auction, bidder, price, channel, url }: BidColumns, consume: Consumer) => {
  const parts = [3, 4, 5].map(() => new Derived(url.dictionary))
  const words = Object.fromEntries(parts.map((part, k) => [4 + k, part.words]))
  const out = new ResultRows(7, consume, { 3: channel.dictionary, ...words })
  const [auctions, bidders, prices, channels, first, second, third] = out.columns as Float64Array[]
  const [a, b, c] = parts.map(({ codes }) => codes) as [Int32Array, Int32Array, Int32Array]
  for (let i = 0; i < rows; i++) {
    const page = url.codes[i]!
    if (a[page] === -2) {
      const split = url.dictionary[page]!.split('/')
      for (const [k, part] of parts.entries()) part.note(page, split[3 + k])
    }
    const row = out.next()
    auctions![row] = auction[i]!
    bidders![row] = bidder[i]!
    prices![row] = price[i]!
    channels![row] = channel.codes[i]!
    first![row] = a[page]!
    second![row] = b[page]!
    third![row] = c[page]!
  }
  out.flush()
}
