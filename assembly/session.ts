// Sessions: rows → addresses of the accumulator records of their key's sessions (layouts: abi.ts "session").

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
} from './abi'
import { rowAt } from './rows'

/** Opens a session after `before`, with one row; 0 when none is free. Happens once per session. */
function open(
  sessions: usize,
  slot: usize,
  before: usize,
  id: u32,
  time: f64,
  recordBytes: usize,
  template: usize,
): usize {
  const freeCount = load<u32>(sessions, SESSIONS_FREE_COUNT)
  if (freeCount == 0) return 0
  store<u32>(sessions, freeCount - 1, SESSIONS_FREE_COUNT)
  const session = <usize>load<u32>(load<usize>(sessions, SESSIONS_FREE) + ((freeCount - 1) << 2))
  const order = load<u32>(sessions, SESSIONS_ORDER)
  store<u32>(sessions, order + 1, SESSIONS_ORDER)
  store<f64>(session, time, SESSION_FIRST)
  store<f64>(session, time, SESSION_LAST)
  store<u32>(session, order, SESSION_ORDER)
  store<u32>(session, id, SESSION_ID)
  store<usize>(session, before, SESSION_BEFORE)
  store<usize>(session, 0, SESSION_AFTER)
  store<u32>(session, 0, SESSION_MARKS)
  const record = session + SESSION_RECORD
  for (let at: usize = 0; at < recordBytes; at += 8) store<u64>(record + at, load<u64>(template + at))
  store<f64>(record, 1, RECORD_ROWS)
  if (before != 0) store<usize>(before, session, SESSION_AFTER)
  store<usize>(slot, session)
  const opened = load<u32>(sessions, SESSIONS_OPENED_COUNT)
  store<usize>(load<usize>(sessions, SESSIONS_OPENED) + (opened << 2), session)
  store<u32>(sessions, opened + 1, SESSIONS_OPENED_COUNT)
  return session
}

// @ts-ignore: decorator
@inline
function resolve(
  selected: bool,
  keyed: bool,
  sessions: usize,
  time: usize,
  ids: usize,
  sel: usize,
  from: usize,
  m: usize,
  reach: f64,
  quiet: f64,
  recordBytes: usize,
  template: usize,
  addr: usize,
): i32 {
  const latest = load<usize>(sessions, SESSIONS_LATEST)
  for (let j = from; j < m; j++, addr += 4) {
    const row = rowAt(selected, sel, j)
    const t = load<f64>(time + (row << 3))
    const id = keyed ? load<u32>(ids + (row << 2)) : 0
    const slot = latest + (<usize>id << 2)
    let session = load<usize>(slot)
    const last = session == 0 ? -Infinity : load<f64>(session, SESSION_LAST)
    if (t <= last + reach) {
      if (last < quiet) return <i32>j
      if (t > last) store<f64>(session, t, SESSION_LAST)
      else {
        const first = load<f64>(session, SESSION_FIRST)
        if (t < first) {
          if (t < first - reach) return <i32>j
          const before = load<usize>(session, SESSION_BEFORE)
          if (before != 0 && t <= load<f64>(before, SESSION_LAST) + reach) return <i32>j
          store<f64>(session, t, SESSION_FIRST)
        }
      }
      const record = session + SESSION_RECORD
      store<f64>(record, load<f64>(record, RECORD_ROWS) + 1, RECORD_ROWS)
    } else {
      if (t < quiet) return <i32>j
      session = open(sessions, slot, session, id, t, recordBytes, template)
      if (session == 0) return <i32>j
    }
    store<usize>(addr, session + SESSION_RECORD)
  }
  return <i32>m
}

export function resolveSessions(
  sessions: usize,
  time: usize,
  ids: usize,
  sel: usize,
  from: i32,
  m: i32,
  reach: f64,
  quiet: f64,
  recordBytes: i32,
  template: usize,
  addr: usize,
): i32 {
  if (ids == 0) {
    if (sel == 0) {
      return resolve(false, false, sessions, time, ids, sel, from, m, reach, quiet, recordBytes, template, addr)
    }
    return resolve(true, false, sessions, time, ids, sel, from, m, reach, quiet, recordBytes, template, addr)
  }
  if (sel == 0) return resolve(false, true, sessions, time, ids, sel, from, m, reach, quiet, recordBytes, template, addr)
  return resolve(true, true, sessions, time, ids, sel, from, m, reach, quiet, recordBytes, template, addr)
}
