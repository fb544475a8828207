import fc from 'fast-check'
import { BUFFER_ADDRESS, BUFFER_CAPACITY } from '../../assembly/abi.ts'
import { EnginePair } from './engine-pair.ts'

/** The pair of engines the tests of buffers and sets run on. */
export const pair = new EnginePair()

export const RECORD_BYTES = 32
export const GROUPS = 3
export const AT = 8

export interface Rows {
  readonly groups: readonly number[]
  readonly isThere: readonly boolean[] | undefined
  readonly selection: readonly number[] | undefined
  readonly from: number
}

/** Rows in every combination of selection, nulls and a start in the middle, of groups that change at any row or now and then. */
export const rowsOf = (count: number) =>
  fc
    .record({
      groups: fc.array(fc.nat(GROUPS - 1), { minLength: count, maxLength: count }),
      there: fc.array(fc.boolean(), { minLength: count, maxLength: count }),
      steady: fc.boolean(),
      nullable: fc.boolean(),
      selected: fc.boolean(),
      from: fc.nat(count),
    })
    .map(({ groups, steady, there, nullable, selected, from }): Rows => {
      const selection = selected ? groups.map((_, i) => i).filter(i => i % 3 !== 1) : undefined
      return {
        groups: steady ? groups.map((_, i) => groups[i - (i % 20)]!) : groups,
        isThere: nullable ? there : undefined,
        selection,
        from: Math.min(from, selection?.length ?? count),
      }
    })

/** The rows a kernel sees, in order. */
export const seen = ({ groups, selection, from, isThere }: Rows): number[] =>
  (selection ?? groups.map((_, i) => i)).slice(from).filter(i => isThere?.[i] ?? true)

export interface Placed {
  readonly record: (group: number) => number
  readonly addr: number
  readonly sel: number
  readonly validity: number
  readonly m: number
}

export function place(rows: Rows, fields: readonly number[] = [0, 0, 0]): Placed {
  const records = pair.put(
    Float64Array.from(
      Array(GROUPS)
        .fill([0, ...fields])
        .flat(),
    ),
  )
  const record = (group: number): number => records + group * RECORD_BYTES
  const positions = (rows.selection ?? rows.groups.map((_, i) => i)).slice(rows.from)
  return {
    record,
    addr: pair.put(Uint32Array.from(positions, i => record(rows.groups[i]!))),
    sel: pair.putSelection(rows.selection),
    validity: pair.putValidity(rows.isThere),
    m: rows.selection?.length ?? rows.groups.length,
  }
}

export const field = (record: number, at: number): number => pair.f64(record + AT + at, 1)[0]!
export const word = (record: number, at: number): number => pair.u32(record + AT + at, 1)[0]!

/** Doubles the buffer of a field, as operators do. */
export function grow(record: number, elementBytes: number, rehash?: 'rehashSet' | 'rehashBins'): void {
  const capacity = word(record, BUFFER_CAPACITY)
  const address = word(record, BUFFER_ADDRESS)
  const larger = Math.max(8, capacity * 2)
  const room = pair.room(larger * elementBytes)
  if (address !== 0 && rehash) pair.call(rehash, address, capacity, room, larger)
  if (address !== 0 && !rehash) pair.set(room, Uint8Array.from(pair.u8(address, capacity * elementBytes)))
  pair.set(record + AT + BUFFER_ADDRESS, Uint32Array.of(room, larger))
}

/** Calls a kernel that stops where there is no room until it is through; `stops` counts how often it did. */
export function untilThrough(placed: Placed, from: number, grown: (record: number) => void, run: Run): number {
  let stops = 0
  for (let j = from; ; stops++) {
    j = run(placed.addr + (j - from) * 4, j)
    if (j >= placed.m) return stops
    grown(pair.u32(placed.addr + (j - from) * 4, 1)[0]!)
  }
}
export type Run = (addr: number, from: number) => number

export const groups = Array.from({ length: GROUPS }, (_, group) => group)

/** How JavaScript tells values apart: one zero, one NaN. */
export const distinct = (values: readonly unknown[]): number => new Set(values).size

export const COUNT = 60
export const awkward = fc.oneof(
  fc.integer({ min: -9, max: 9 }),
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, 5e-324),
)
export const valuesOf = <T>(value: fc.Arbitrary<T>) => fc.array(value, { minLength: COUNT, maxLength: COUNT })
