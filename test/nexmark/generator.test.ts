import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { BidColumn } from '../../examples/nexmark/bid.ts'
import { kindOf } from '../../examples/nexmark/generator/bid-draws.ts'
import { type BidStreamOptions, bidBlocks, bidRows } from '../../examples/nexmark/generator/bid-stream.ts'
import { channels, urls } from '../../examples/nexmark/generator/channels.ts'
import { JavaRandom } from '../../examples/nexmark/generator/java-random.ts'
import type { CodedStrings } from '../../src/memory/column-input.ts'

const ALL: readonly BidColumn[] = ['auction', 'bidder', 'price', 'dateTime', 'channel', 'url', 'extra']

/** The blocks as rows. */
function unblocked(columns: readonly BidColumn[], options: BidStreamOptions): Record<string, unknown>[] {
  const rows: Record<string, unknown>[] = []
  for (const block of bidBlocks(columns, options)) {
    const { length } = block[columns[0]!] as Int32Array
    for (let i = 0; i < length; i++)
      rows.push(Object.fromEntries(columns.map(name => [name, valueAt(block[name]!, i)])))
  }
  return rows
}

function valueAt(column: unknown, row: number): unknown {
  if (!(column as CodedStrings).dictionary) return (column as ArrayLike<unknown>)[row]
  const { codes, dictionary } = column as CodedStrings
  return dictionary[codes[row]!]
}

describe('the random numbers', () => {
  it('are those of java.util.Random', () => {
    // Printed by Java: new Random(42), then nextInt(), nextInt(10), nextInt(16), nextDouble().
    const random = new JavaRandom()
    random.seed(42)
    expect(random.int()).toBe(-1_170_105_035)
    random.seed(42)
    expect([random.below(10), random.below(10), random.below(10)]).toEqual([0, 3, 8])
    random.seed(42)
    expect([random.double(), random.double()]).toEqual([0.7275636800328681, 0.6832234717598454])
  })
})

describe('the stream of bids', () => {
  it('is that of the reference file: 92,000 bids of 100,000 events, column by column', () => {
    const [head, ...lines] = readFileSync(new URL('../data/nexmark/bids.csv', import.meta.url), 'utf8')
      .trim()
      .split('\n')
    expect(head).toBe('auction,bidder,price,ts_ms')
    const rows = unblocked(['auction', 'bidder', 'price', 'dateTime'], { events: 100_000 })
    expect(rows.map(row => Object.values(row).join())).toEqual(lines)
  })

  it('is the same in blocks and in rows, whatever columns are asked for', () => {
    for (const options of [{ events: 20_123 }, { events: 60, firstEventId: 1_000_000_000, eventsPerSecond: 7 }]) {
      const rows = [...bidRows(options)]
      expect(unblocked(ALL, options)).toEqual(rows)
      for (const columns of [['bidder', 'dateTime'], ['price'], ['auction', 'url']] as const)
        expect(unblocked(columns, options)).toEqual(
          rows.map(row => Object.fromEntries(columns.map(name => [name, row[name]]))),
        )
    }
  })

  it('is one person and three auctions to 46 bids', () => {
    const kinds = { person: 0, auction: 0, bid: 0 }
    for (let id = 0; id < 100_000; id++) kinds[kindOf(id)]++
    expect(kinds).toEqual({ person: 2_000, auction: 6_000, bid: 92_000 })
  })

  it('has texts of 54 to 81 letters from H to z', () => {
    const texts = [...bidRows({ events: 20_000 })].map(({ extra }) => extra)
    const lengths = texts.map(({ length }) => length)
    expect([Math.min(...lengths), Math.max(...lengths)]).toEqual([54, 81])
    expect(texts.join('')).toMatch(/^[H-z]+$/)
    expect(new Set(texts.join('')).size).toBe('z'.charCodeAt(0) - 'H'.charCodeAt(0) + 1)
  })

  it('comes half through four channels, half through 10,000, nine in ten of whose pages name them', () => {
    const bids = [...bidRows({ events: 100_000 })]
    const hot = bids.filter(({ channel }) => !channel.startsWith('channel-'))
    expect(hot.length / bids.length).toBeCloseTo(0.5, 2)
    expect(new Set(hot.map(({ channel }) => channel)).size).toBe(4)
    expect(channels).toHaveLength(10_004)
    expect(urls.filter(url => url.includes('channel_id=')).length / 10_000).toBeCloseTo(0.9, 1)
    for (const url of urls)
      expect(url).toMatch(/^https:\/\/www\.nexmark\.com(\/[a-z]{5}){3}\/item\.htm\?query=1(&channel_id=\d+)?$/)
  })
})
