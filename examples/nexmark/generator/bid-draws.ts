import type { JavaRandom } from './java-random.ts'

/** Events of one turn: a person, three auctions, 46 bids. */
export const TURN = 50
export const BIDS_OF_TURN = 46
const FIRST_BID = TURN - BIDS_OF_TURN
const AUCTIONS_OF_TURN = 3

const FIRST_AUCTION = 1_000
const FIRST_PERSON = 1_000
const HOT_AUCTION_RATIO = 2
const HOT_BIDDER_RATIO = 4
/** Hot is one of so many. */
const HOT_STRETCH = 100
const IN_FLIGHT_AUCTIONS = 100
const ACTIVE_PEOPLE = 1_000
/** Bids may run ahead of auctions and people that are still to come. */
const LEAD = 10
const BYTES_WITHOUT_EXTRA = 32
const AVERAGE_BYTES = 100

/** What kind of event has an id. */
export function kindOf(eventId: number): 'person' | 'auction' | 'bid' {
  const slot = eventId % TURN
  if (slot === 0) return 'person'
  return slot < FIRST_BID ? 'auction' : 'bid'
}

// A bid's draws, in their order. Each event has a random sequence of its own, seeded with its id.

/** The auction: with even odds the hot one, else one in flight. */
export function drawAuction(random: JavaRandom, turn: number): number {
  const last = turn * AUCTIONS_OF_TURN + AUCTIONS_OF_TURN - 1
  if (random.below(HOT_AUCTION_RATIO) > 0) return FIRST_AUCTION + last - (last % HOT_STRETCH)
  const first = Math.max(0, last - IN_FLIGHT_AUCTIONS)
  return FIRST_AUCTION + first + random.below(last - first + 1 + LEAD)
}

/** The bidder: three times in four the hot one, else one of the active people. */
export function drawBidder(random: JavaRandom, turn: number): number {
  if (random.below(HOT_BIDDER_RATIO) > 0) return FIRST_PERSON + turn - (turn % HOT_STRETCH) + 1
  const active = Math.min(turn + 1, ACTIVE_PEOPLE)
  return FIRST_PERSON + turn + 1 - active + random.below(active + LEAD)
}

/** The price in cents, from 100 to 10^8, evenly over its magnitudes. */
export function drawPrice(random: JavaRandom): number {
  return Math.round(10 ** (random.double() * 6) * 100)
}

const letters = new Uint16Array(AVERAGE_BYTES)

/** Text that makes a bid about as long as bids are. */
export function drawExtra(random: JavaRandom): string {
  const average = AVERAGE_BYTES - BYTES_WITHOUT_EXTRA
  const spread = Math.round(average * 0.2)
  const length = average - spread + random.below(2 * spread)
  for (let i = 0, bits = 0; i < length; i++) {
    // Six letters of 32 random bits. They have a sign, so letters go from 'H' to 'z'.
    bits = i % 6 === 0 ? random.int() : Math.trunc(bits / 26)
    letters[i] = 97 + (bits % 26)
  }
  // At once: a string put together letter by letter is a tree of them, which whoever hashes it pays for.
  return String.fromCharCode(...letters.subarray(0, length))
}
