import { BUFFER_ADDRESS, BUFFER_CAPACITY, BUFFER_COUNT } from '../../assembly/abi.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import { hash64, NAN_HIGH } from './hash.ts'

/** Which bits a column's values are told apart by: those of numbers with one zero and one NaN, 8 bytes, or 4. */
export type Told = 'f64' | 8 | 4

/** Hands the two words a row's value is told apart by to `use`; gives back what it returns. */
export function tell(
  { u32, f64 }: LinearMemory,
  told: Told,
  a: number,
  row: number,
  use: (low: number, high: number) => boolean,
): boolean {
  if (told === 4) return use(u32[(a >>> 2) + row]!, 0)
  const word = ((a >>> 3) + row) * 2
  if (told === 8) return use(u32[word]!, u32[word + 1]!)
  const value = f64[word >>> 1]!
  if (value === 0) return use(0, 0)
  return Number.isNaN(value) ? use(0, NAN_HIGH) : use(u32[word]!, u32[word + 1]!)
}

/** Enters 64 bits that aren't 0 into a field's set, see assembly/hash-set.ts. false: there is no room for them. */
export function insertNonZero({ u32, f64 }: LinearMemory, field: number, low: number, high: number): boolean {
  const capacity = u32[(field + BUFFER_CAPACITY) >>> 2]!
  if (capacity === 0) return false
  const table = u32[(field + BUFFER_ADDRESS) >>> 2]! >>> 2
  const mask = capacity - 1
  const home = low & mask
  const hash = hash64(low, high) & mask
  for (let at = home, isHome = true; ; at = isHome ? hash : (at + 1) & mask, isHome = false) {
    const slot = table + at * 2
    if (u32[slot] === low && u32[slot + 1] === high) return true
    if (u32[slot] !== 0 || u32[slot + 1] !== 0) continue
    const count = f64[(field + BUFFER_COUNT) >>> 3]! + 1
    if (count * 2 > capacity) return false
    u32[slot] = low
    u32[slot + 1] = high
    f64[(field + BUFFER_COUNT) >>> 3] = count
    return true
  }
}
