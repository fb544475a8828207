/** What an admission needs to know of the queue behind it. `RingBuffer` and `SegmentedRing` fit as they are. */
export interface AdmissionStore {
  /** Rows it can hold now. */
  readonly capacity: number
  /** Rows in it, those being worked on included. */
  readonly length: number
  /** Bytes it takes now. */
  readonly bytes: number
  /** Drops up to `rows` of the oldest; returns how many. 0: none can be dropped now. */
  evictOldest(rows: number): number
  /** Makes room for more rows within `maxBytes`; false: it can't. Left out: it never can. */
  grow?(maxBytes: number): boolean
}

/** The queue took more memory (strategy `unbounded`). */
export interface GrowthWarning {
  /** Events it can hold now. */
  readonly capacity: number
  /** Bytes its slots take now; text is not counted. */
  readonly bytes: number
}
