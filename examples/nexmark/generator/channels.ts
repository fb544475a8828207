// Channels are not among Beam's draws. Here the event's id says which, by the odds of nexmark-flink: half of the bids come
// through one of four, the others through one of 10,000.

const HOT = ['Google', 'Facebook', 'Baidu', 'Apple']
const COLD = 10_000
const channelOf = (i: number) => HOT[i] ?? `channel-${i - HOT.length}`

/** Every channel there is, and beside each the page its bids come from. */
export const channels: readonly string[] = Array.from({ length: HOT.length + COLD }, (_, i) => channelOf(i))
export const urls: readonly string[] = channels.map((_, i) => urlOf(i))

/** Which channel, as a position in `channels`. */
export function channelCode(eventId: number): number {
  const bits = mixed(eventId)
  return bits & 1 ? (bits >>> 1) % HOT.length : HOT.length + ((bits >>> 1) % COLD)
}

/** A hot channel's page has no channel_id, and of the others one in ten has none. */
function urlOf(i: number): string {
  const words = [1, 2, 3].map(part => word(mixed(i * 4 + part)))
  const page = `https://www.nexmark.com/${words.join('/')}/item.htm?query=1`
  const cold = i - HOT.length
  return cold < 0 || mixed(i * 4) % 10 === 0 ? page : `${page}&channel_id=${Math.abs(reversed(cold))}`
}

/** Five letters. */
function word(bits: number): string {
  let letters = ''
  for (let rest = bits; letters.length < 5; rest = Math.floor(rest / 26))
    letters += String.fromCharCode(97 + (rest % 26))
  return letters
}

/** `Integer.reverse`: the 32 bits from the other end. */
function reversed(value: number): number {
  let out = 0
  for (let bit = 0; bit < 32; bit++) out = (out << 1) | ((value >>> bit) & 1)
  return out
}

/** 32 bits that look random (the finisher of MurmurHash3). */
function mixed(value: number): number {
  let h = value + 0x9e3779b9
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
