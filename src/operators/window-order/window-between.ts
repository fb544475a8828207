interface Bounds {
  readonly startMs: number
  readonly endMs: number
}

/** The window of some bounds among those that stand by end, then by start; a new one is put in its place there. */
export function windowBetween<W extends Bounds>(
  windows: W[],
  startMs: number,
  endMs: number,
  make: (startMs: number, endMs: number) => W,
): W {
  let at = windows.length
  while (
    at > 0 &&
    (windows[at - 1]!.endMs > endMs || (windows[at - 1]!.endMs === endMs && windows[at - 1]!.startMs > startMs))
  )
    at--
  const before = windows[at - 1]
  if (before !== undefined && before.endMs === endMs && before.startMs === startMs) return before
  const window = make(startMs, endMs)
  windows.splice(at, 0, window)
  return window
}
