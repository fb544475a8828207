import type { FrameRing } from './frame-ring.ts'

/** One of several workers as far as it matters who gets the next batch. */
interface Hand {
  readonly ring: FrameRing
  readonly sender: { readonly frameBytes: number }
  /** Rows sent to it that it isn't through with. */
  readonly sent: { readonly rows: number }
}

/** How much a worker gets to do. */
export interface Shares {
  /** What of all it can be given is enough while others have nothing. */
  readonly enough: number
  /** Most rows that are with it as they are lent: these take no room in its ring. */
  readonly mostLent: number
  /** Lent rows it gets before another gets any that has something to do. */
  readonly run: number
}

/**
 * Who gets the next batch: the first that hasn't enough to do, or else the one that has least and room for more. So no more of
 * them are kept awake than it takes, and none has to wait for one that is slower. undefined: nobody has room.
 */
export function nextHand<Some extends Hand>(
  hands: readonly Some[],
  { enough, mostLent }: Pick<Shares, 'enough' | 'mostLent'>,
): Some | undefined {
  let next: Some | undefined
  let least = Number.POSITIVE_INFINITY
  for (const hand of hands) {
    const { ring, sender, sent } = hand
    const load = Math.max(ring.queuedBytes(0) / ring.capacityBytes, sent.rows / mostLent)
    if (load < enough) return hand
    if (load >= least || ring.claim(sender.frameBytes) < 0) continue
    next = hand
    least = load
  }
  return next
}

/**
 * Who gets the next rows that are lent. To lend costs little next to what is done with the rows, so one worker gets many in a
 * row before the next gets any: what it has of a window is nearly all there is, and few records have to be put together.
 */
export class LentRuns<Some extends Pick<Hand, 'sent'>> {
  readonly #hands: readonly Some[]
  readonly #shares: Shares
  #current: Some | undefined
  /** Rows the current one has got since it is. */
  #rows = 0

  constructor(hands: readonly Some[], shares: Shares) {
    this.#hands = hands
    this.#shares = shares
  }

  /** undefined: all have as many rows as they may. */
  next(): Some | undefined {
    const { mostLent, run, enough } = this.#shares
    const current = this.#current
    if (current !== undefined && current.sent.rows < mostLent) {
      if (this.#rows < run || current.sent.rows < mostLent * enough) return current
    }
    let next: Some | undefined
    for (const hand of this.#hands) if (hand.sent.rows < (next?.sent.rows ?? mostLent)) next = hand
    this.#rows = 0
    this.#current = next
    return next
  }

  /** So many rows were lent to the one that is next. */
  lent(rows: number): void {
    this.#rows += rows
  }
}
