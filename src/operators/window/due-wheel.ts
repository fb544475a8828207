/** Buckets to the usual wait: an address whose time is put off again and again is looked at this often in that time. */
const BUCKETS = 8

/**
 * Addresses by the time they fall due at, handed out in order of that time as the watermark reaches it. Times may be put
 * off (never brought forward) without telling the wheel: it asks before it hands an address out, and files it anew when
 * its time isn't come. So what happens row by row costs the wheel nothing, and an address costs O(1) amortised, plus its
 * share of the sorting of those that fall due in the same bucket.
 */
export class DueWheel {
  readonly #width: number
  readonly #dueOf: (address: number) => number
  readonly #buckets = new Map<number, number[]>()
  /** No bucket has a lesser index. */
  #least = Number.POSITIVE_INFINITY
  /** Addresses of opened buckets that wait for their very millisecond, by time, from `#head` on. */
  #near: number[] = []
  #nearDue: number[] = []
  #head = 0
  /** The last bucket that was opened. By its index, not by the time it ends at: beyond 2^53 that may be rounded down. */
  #opened = Number.NEGATIVE_INFINITY

  /**
   * @param waitMs How far ahead of the watermark times mostly are.
   * @param dueOf When an address falls due as things stand; -Infinity when it has nothing to wait for any more.
   */
  constructor(waitMs: number, dueOf: (address: number) => number) {
    this.#width = Math.max(1, Math.floor(waitMs / BUCKETS))
    this.#dueOf = dueOf
  }

  add(address: number, due: number): void {
    const index = Math.floor(due / this.#width)
    if (index <= this.#opened) {
      const at = this.#positionAfter(due)
      this.#near.splice(at, 0, address)
      this.#nearDue.splice(at, 0, due)
      return
    }
    const bucket = this.#buckets.get(index)
    if (bucket) bucket.push(address)
    else this.#buckets.set(index, [address])
    if (index < this.#least) this.#least = index
  }

  /** Appends to `into` what is due at `watermark`, by time; addresses that have nothing to wait for stand anywhere. */
  collect(watermark: number, into: number[]): void {
    for (;;) {
      while (this.#buckets.size > 0 && this.#least * this.#width <= watermark) this.#open(watermark, into)
      if (this.#head >= this.#near.length || this.#nearDue[this.#head]! > watermark) return
      const address = this.#near[this.#head]!
      const filedAt = this.#nearDue[this.#head++]!
      const due = this.#dueOf(address)
      if (due <= filedAt) into.push(address)
      else this.add(address, due)
    }
  }

  /** Nothing is handed out before this time: it may be early, by less than a bucket. +Infinity when nothing waits. */
  nextDue(): number {
    const near = this.#head < this.#near.length ? this.#nearDue[this.#head]! : Number.POSITIVE_INFINITY
    return Math.min(near, this.#least * this.#width)
  }

  /** Moves what falls due in the buckets that have begun at the watermark to `#near`. */
  #open(watermark: number, into: number[]): void {
    const begun: number[][] = []
    for (const [index, bucket] of this.#buckets) {
      if (index * this.#width > watermark) continue
      begun.push(bucket)
      this.#buckets.delete(index)
      this.#opened = Math.max(this.#opened, index)
    }
    this.#least = Number.POSITIVE_INFINITY
    for (const index of this.#buckets.keys()) this.#least = Math.min(this.#least, index)
    const opened: number[] = []
    const dues: number[] = []
    for (const bucket of begun) {
      for (const address of bucket) {
        const due = this.#dueOf(address)
        if (due === Number.NEGATIVE_INFINITY) into.push(address)
        else if (Math.floor(due / this.#width) <= this.#opened) {
          opened.push(address)
          dues.push(due)
        } else this.add(address, due)
      }
    }
    const order = inOrder(dues)
    this.#near = this.#near.slice(this.#head).concat(order.map(i => opened[i]!))
    this.#nearDue = this.#nearDue.slice(this.#head).concat(order.map(i => dues[i]!))
    this.#head = 0
  }

  /** Where a time belongs among those that wait: behind its equals. */
  #positionAfter(due: number): number {
    let low = this.#head
    let high = this.#near.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#nearDue[middle]! <= due) low = middle + 1
      else high = middle
    }
    return low
  }
}

/** The positions of some whole times in the order of these, equals as they stand. */
function inOrder(times: readonly number[]): number[] {
  const { length } = times
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const time of times) {
    if (time < least) least = time
    if (time > most) most = time
  }
  const room = 2 ** Math.ceil(Math.log2(Math.max(1, length)))
  if ((most - least + 1) * room > Number.MAX_SAFE_INTEGER)
    return times.map((_, i) => i).sort((a, b) => times[a]! - times[b]!)
  // Numbers are sorted many times faster than by a function: a time and its position as one of them.
  const keys = new Float64Array(length)
  for (let i = 0; i < length; i++) keys[i] = (times[i]! - least) * room + i
  keys.sort()
  const order: number[] = []
  for (const key of keys) order.push(key % room)
  return order
}
