import type { LentColumn } from '../memory/lent-columns.ts'
import type { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'

/** Where the columns begin, behind the latest of the times and which column these are. */
export const LENT_HEADER_BYTES = 16
export const LENT_COLUMN_BYTES = 16

/**
 * Says where rows stand that are lent: in memory `a`, `b` of them.
 *
 * ```
 *  0        8       12        16       per column
 *  ┌────────┬───────┬─────────┬──────┬─────────────┬────────────────┬────────────┬─ …
 *  │ latest │ times │ 0       │ at   │ 4 positions │ 8 shift        │ 12 0       │
 *  └────────┴───────┴─────────┴──────┴─────────────┴────────────────┴────────────┴─ …
 * ```
 *
 * @param times Index of the column of times, none of which is later than `latest`.
 * @returns Whether there was room.
 */
export function sendLent(
  ring: FrameRing,
  {
    memory,
    rows,
    columns,
  }: { readonly memory: number; readonly rows: number; readonly columns: readonly LentColumn[] },
  times: number,
  latest: number,
): boolean {
  const offset = ring.claim(LENT_HEADER_BYTES + columns.length * LENT_COLUMN_BYTES)
  if (offset < 0) return false
  const { u32, f64 } = ring
  f64[offset >>> 3] = latest
  u32[(offset + 8) >>> 2] = times
  let word = (offset + LENT_HEADER_BYTES) >>> 2
  for (const { at, positions, shift } of columns) {
    u32[word] = at
    u32[word + 1] = positions
    u32[word + 2] = shift
    word += LENT_COLUMN_BYTES >>> 2
  }
  ring.publish(FRAME.lent, memory, rows)
  return true
}
