import { seededRandom } from '../../harness/random.ts'

/** How the keys of the workload look. */
export type KeyKind = 'utf8' | 'smallInt' | 'anyInt'

/** Rows of the workload as columns, in order of time. */
export interface EventColumns {
  readonly kind: KeyKind
  readonly rows: number
  /** Milliseconds since the epoch. */
  readonly time: Float64Array
  /** The key of a row as users hold it: for `utf8` the position in `dictionary`. */
  readonly key: Int32Array
  readonly value: Float64Array
  /** The texts of `utf8` keys. */
  readonly dictionary: readonly string[]
}

export const KEYS = 1_000
export const WINDOW_MS = 1_000
/** Events a second of event time: with three of four surviving the filter, 75 rows per key and window, or about one. */
export const DENSITIES = { dense: 100_000, sparse: 4_000 / 3 } as const
export type Density = keyof typeof DENSITIES

const START_MS = 1_700_000_000_000

/** Seeded events: uniform keys, values uniform in [0, 1). */
export function makeEvents(rows: number, kind: KeyKind, density: Density): EventColumns {
  const random = seededRandom(20_231_114)
  const values = distinctKeys(kind, random)
  const time = new Float64Array(rows)
  const key = new Int32Array(rows)
  const value = new Float64Array(rows)
  const perMs = DENSITIES[density] / 1_000
  for (let i = 0; i < rows; i++) {
    time[i] = START_MS + Math.floor(i / perMs)
    key[i] = values[Math.floor(random() * KEYS)]!
    value[i] = random()
  }
  const dictionary = kind === 'utf8' ? Array.from({ length: KEYS }, (_, i) => `sensor-${i}`) : []
  return { kind, rows, time, key, value, dictionary }
}

/** One event as an object. */
export interface EventRow {
  readonly time: number
  readonly key: number | string
  readonly value: number
}

/** The same events as objects. The strings of `utf8` keys are shared, as a parser that interns them would give. */
export function asRows({ rows, time, key, value, dictionary }: EventColumns): EventRow[] {
  const list = new Array<EventRow>(rows)
  for (let i = 0; i < rows; i++) {
    const code = key[i]!
    list[i] = { time: time[i]!, key: dictionary.length > 0 ? dictionary[code]! : code, value: value[i]! }
  }
  return list
}

function distinctKeys(kind: KeyKind, random: () => number): Int32Array {
  if (kind !== 'anyInt') return Int32Array.from({ length: KEYS }, (_, i) => i)
  const seen = new Set<number>()
  while (seen.size < KEYS) seen.add((random() * 4_294_967_296) | 0)
  return Int32Array.from(seen)
}
