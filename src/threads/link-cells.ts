/** What the sender of a link counts, in numbers side by side: its rows, and how full it was. */
export const LinkCell = {
  offered: 0,
  evicted: 1,
  full: 2,
  timeout: 3,
  timesFull: 4,
  timeFullNs: 5,
  /** The only one that isn't added up. */
  highWaterMark: 6,
} as const

export const LINK_CELLS = 7
