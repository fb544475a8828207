import {
  RECORD_ROWS,
  SESSION_AFTER,
  SESSION_BEFORE,
  SESSION_FIRST,
  SESSION_ID,
  SESSION_LAST,
  SESSION_MARKS,
  SESSION_ORDER,
  SESSION_RECORD,
  SESSIONS_FREE,
  SESSIONS_FREE_COUNT,
  SESSIONS_LATEST,
  SESSIONS_OPENED,
  SESSIONS_OPENED_COUNT,
  SESSIONS_ORDER,
} from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { KernelExports } from '../wasm/exports.ts'
import { rowAt } from './rows.ts'

type SessionKernels = Pick<KernelExports, 'resolveSessions'>

/** Twins of assembly/session.ts. */
export function sessionKernels(memory: LinearMemory): SessionKernels {
  /** Opens a session after the latest of its key, with one row; 0 when none is free. */
  const open = (sessions: number, id: number, time: number, recordBytes: number, template: number): number => {
    const { u8, u32, f64 } = memory
    const freeCount = u32[(sessions + SESSIONS_FREE_COUNT) >>> 2]!
    if (freeCount === 0) return 0
    u32[(sessions + SESSIONS_FREE_COUNT) >>> 2] = freeCount - 1
    const session = u32[(u32[(sessions + SESSIONS_FREE) >>> 2]! >>> 2) + freeCount - 1]!
    const slot = (u32[(sessions + SESSIONS_LATEST) >>> 2]! >>> 2) + id
    const before = u32[slot]!
    f64[(session + SESSION_FIRST) >>> 3] = time
    f64[(session + SESSION_LAST) >>> 3] = time
    u32[(session + SESSION_ORDER) >>> 2] = u32[(sessions + SESSIONS_ORDER) >>> 2]!++
    u32[(session + SESSION_ID) >>> 2] = id
    u32[(session + SESSION_BEFORE) >>> 2] = before
    u32[(session + SESSION_AFTER) >>> 2] = 0
    u32[(session + SESSION_MARKS) >>> 2] = 0
    const record = session + SESSION_RECORD
    u8.copyWithin(record, template >>> 0, (template >>> 0) + recordBytes)
    f64[(record + RECORD_ROWS) >>> 3] = 1
    if (before !== 0) u32[(before + SESSION_AFTER) >>> 2] = session
    u32[slot] = session
    const opened = u32[(sessions + SESSIONS_OPENED_COUNT) >>> 2]!++
    u32[(u32[(sessions + SESSIONS_OPENED) >>> 2]! >>> 2) + opened] = session
    return session
  }

  return {
    resolveSessions(sessions, time, ids, sel, from, m, reach, quiet, recordBytes, template, addr) {
      const { u32, f64 } = memory
      const latest = u32[(sessions + SESSIONS_LATEST) >>> 2]! >>> 2
      for (let j = from; j < m; j++) {
        const row = rowAt(u32, sel, j)
        const t = f64[(time >>> 3) + row]!
        const id = ids === 0 ? 0 : u32[(ids >>> 2) + row]!
        let session = u32[latest + id]!
        const last = session === 0 ? Number.NEGATIVE_INFINITY : f64[(session + SESSION_LAST) >>> 3]!
        if (t <= last + reach) {
          if (last < quiet) return j
          const first = f64[(session + SESSION_FIRST) >>> 3]!
          if (t > last) f64[(session + SESSION_LAST) >>> 3] = t
          else if (t < first) {
            if (t < first - reach) return j
            const before = u32[(session + SESSION_BEFORE) >>> 2]!
            if (before !== 0 && t <= f64[(before + SESSION_LAST) >>> 3]! + reach) return j
            f64[(session + SESSION_FIRST) >>> 3] = t
          }
          f64[(session + SESSION_RECORD + RECORD_ROWS) >>> 3]!++
        } else {
          if (t < quiet) return j
          session = open(sessions, id, t, recordBytes, template)
          if (session === 0) return j
        }
        u32[(addr >>> 2) + j - from] = session + SESSION_RECORD
      }
      return m
    },
  }
}
