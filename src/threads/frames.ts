/** What a frame of a link says; `a` and `b` are its two words. */
export const FRAME = {
  /** Rows of stream `a`, `b` of them: see batch-sender.ts. */
  rows: 1,
  /** A piece of what goes along with the next rows of stream `a`: texts and objects. */
  pack: 2,
  /** The clock stands at the payload's f64. */
  tick: 3,
  /** Input `a` has ended. */
  inputEnd: 4,
  /** The input is over: all windows close. Acknowledged by `a`. */
  end: 5,
  /** Acknowledged by `a` when all before it is through. */
  marker: 6,
  /** What was asked for by `a` is done. */
  done: 7,
  /** The watermark has come to the payload's f64. */
  watermark: 8,
  /** The clock is waited for: the payload's f64, +Infinity when for nothing. */
  timer: 9,
  /** The barrier of the checkpoint the payload's f64 names: all state in front of it belongs to it. */
  barrier: 10,
  /** The pack of frames in front of this one has all texts the receiver has to know of stream `a`. */
  known: 11,
  /** Where the watermarks of all inputs stand, as f64s: see `EventTimeOperator`. */
  stand: 12,
  /** Where `b` rows stand that are lent, in memory `a`: see lent-frame.ts. */
  lent: 13,
} as const

/** Where rows begin in their frame, behind the clock, the flags and the number of runs. */
export const ROWS_HEADER_BYTES = 16
/** A run of rows: the row behind its last, and its input. */
export const RUN_BYTES = 8
/** A flag of rows: a pack of what goes along with them came before. */
export const HAS_PACK = 1

export const padded = (bytes: number): number => (bytes + 7) & ~7
