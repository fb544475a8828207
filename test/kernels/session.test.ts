import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  SESSION_AFTER,
  SESSION_BEFORE,
  SESSION_FIRST,
  SESSION_ID,
  SESSION_LAST,
  SESSION_MARKS,
  SESSION_ORDER,
  SESSION_RECORD,
  SESSIONS_FREE_COUNT,
  SESSIONS_LATEST,
  SESSIONS_OPENED,
  SESSIONS_OPENED_COUNT,
  SESSIONS_ORDER,
} from '../../assembly/abi.ts'
import { EnginePair } from './engine-pair.ts'

const pair = new EnginePair()
beforeEach(() => pair.reset())

const IDS = 4
const TEMPLATE = [0, 7.5, Number.NaN]
const RECORD_BYTES = TEMPLATE.length * 8
const SESSION_BYTES = SESSION_RECORD + RECORD_BYTES

interface ModelSession {
  readonly id: number
  readonly order: number
  first: number
  last: number
  rows: number
}

/** The sessions of each key in the order they were opened, and how many are free. */
class Model {
  readonly byId = new Map<number, ModelSession[]>()
  readonly opened: ModelSession[] = []
  free: number

  constructor(free: number) {
    this.free = free
  }

  /** The session of a row, or undefined where the kernel stops. */
  take(id: number, time: number, reach: number, quiet: number): ModelSession | undefined {
    const sessions = this.byId.get(id) ?? []
    const latest = sessions.at(-1)
    if (latest === undefined || time > latest.last + reach) {
      if (time < quiet || this.free === 0) return undefined
      this.free--
      const session = { id, order: this.opened.length, first: time, last: time, rows: 1 }
      this.opened.push(session)
      this.byId.set(id, [...sessions, session])
      return session
    }
    const before = sessions.at(-2)
    const meetsAnother = time < latest.first && before !== undefined && time <= before.last + reach
    if (latest.last < quiet || time < latest.first - reach || meetsAnother) return undefined
    latest.first = Math.min(latest.first, time)
    latest.last = Math.max(latest.last, time)
    latest.rows++
    return latest
  }
}

/** A header with so many free sessions, and where they stand, the next one first. */
function putSessions(free: number, room: number): { header: number; sessions: number[] } {
  const sessions = Array.from({ length: free }, () => pair.room(SESSION_BYTES))
  const stack = pair.put(Uint32Array.from([...sessions].reverse()))
  const header = pair.put(Uint32Array.of(pair.room(IDS * 4), stack, free, pair.room(room * 4), 0, 0))
  return { header, sessions }
}

const runs = fc.record({
  rows: fc.array(fc.record({ id: fc.nat(IDS - 1), time: fc.integer({ min: -20, max: 60 }) }), { maxLength: 60 }),
  sorted: fc.boolean(),
  free: fc.nat(40),
  reach: fc.nat(12),
  quiet: fc.oneof(fc.constant(Number.NEGATIVE_INFINITY), fc.integer({ min: -20, max: 60 })),
  selected: fc.boolean(),
  keyed: fc.boolean(),
  from: fc.nat(10),
})

describe('resolveSessions', () => {
  it('extends and opens sessions like the model, and stops at the same row', () => {
    let stopped = 0
    fc.assert(
      fc.property(runs, ({ rows: given, sorted, free, reach, quiet, selected, keyed, from: start }) => {
        pair.reset()
        const rows = sorted ? [...given].sort((a, b) => a.time - b.time) : given
        const taken = rows.map((_, i) => i).filter(i => !selected || i % 3 !== 1)
        const from = Math.min(start, taken.length)
        const { header, sessions } = putSessions(free, rows.length)
        const time = pair.put(Float64Array.from(rows, row => row.time))
        const ids = keyed ? pair.put(Uint32Array.from(rows, row => row.id)) : 0
        const template = pair.put(Float64Array.from(TEMPLATE))
        const sel = selected ? pair.putSelection(taken) : 0
        const addr = pair.room(taken.length * 4)
        const model = new Model(free)
        const expected: number[] = []
        for (const i of taken.slice(from)) {
          const session = model.take(keyed ? rows[i]!.id : 0, rows[i]!.time, reach, quiet)
          if (session === undefined) break
          expected.push(sessions[session.order]! + SESSION_RECORD)
        }
        const args = [header, time, ids, sel, from, taken.length, reach, quiet, RECORD_BYTES, template, addr] as const
        const end = pair.call('resolveSessions', ...args)
        expect(end).toBe(from + expected.length)
        if (end < taken.length) stopped++
        expect(pair.u32(addr, expected.length)).toEqual(expected)
        expectSessions(header, sessions, model)
      }),
      { numRuns: 300 },
    )
    expect(stopped).toBeGreaterThan(50)
  })
})

function expectSessions(header: number, addresses: readonly number[], model: Model): void {
  const field = (address: number) => pair.u32(address, 1)[0]!
  expect(field(header + SESSIONS_FREE_COUNT)).toBe(model.free)
  expect(field(header + SESSIONS_ORDER)).toBe(model.opened.length)
  expect(field(header + SESSIONS_OPENED_COUNT)).toBe(model.opened.length)
  const opened = field(header + SESSIONS_OPENED)
  expect(pair.u32(opened, model.opened.length)).toEqual(addresses.slice(0, model.opened.length))
  const addressOf = (session: ModelSession | undefined) => (session ? addresses[session.order]! : 0)
  for (let id = 0; id < IDS; id++) {
    const sessions = model.byId.get(id) ?? []
    expect(field(field(header + SESSIONS_LATEST) + id * 4)).toBe(addressOf(sessions.at(-1)))
    sessions.forEach((session, i) => {
      const at = addressOf(session)
      expect([pair.f64(at + SESSION_FIRST, 1)[0], pair.f64(at + SESSION_LAST, 1)[0]]).toEqual([
        session.first,
        session.last,
      ])
      expect(
        [SESSION_ORDER, SESSION_ID, SESSION_BEFORE, SESSION_AFTER, SESSION_MARKS].map(of => field(at + of)),
      ).toEqual([session.order, id, addressOf(sessions[i - 1]), addressOf(sessions[i + 1]), 0])
      expect(pair.f64(at + SESSION_RECORD, TEMPLATE.length)).toEqual([session.rows, ...TEMPLATE.slice(1)])
    })
  }
}
