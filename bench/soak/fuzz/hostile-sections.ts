import type { Section } from 'eventflux'
import type { StateField } from './state-fields.ts'

/** A section, and what stands where in it. */
export interface KnownSection extends Section {
  readonly fields: readonly StateField[]
}

/** Gives a whole number from 0 up to a limit. */
export type Below = (limit: number) => number

/** Numbers that no length, code, id or slice is, and some that some are. */
const WORDS = [0, 1, 2, 3, 255, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1] as const
const NUMBERS = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  0,
  -1,
  0.5,
  1e-300,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  -(2 ** 53),
  1e300,
] as const
const WIDTH = { u8: 1, u32: 4, f64: 8, text: 6 } as const

const oneOf = <T>(values: readonly T[], below: Below): T => values[below(values.length)]!

/**
 * The sections of a checkpoint with something done to them that a writer with a fault might do, or somebody who means harm:
 * what they are framed in is right.
 *
 * @param others Sections of the same job at some other time.
 */
export function hostileSections(
  sections: readonly KnownSection[],
  others: readonly Section[],
  below: Below,
): readonly Section[] {
  const of = below(sections.length)
  const section = sections[of]!
  const instead = (bytes: Uint8Array): readonly Section[] =>
    sections.map((each, i) => (i === of ? { name: each.name, bytes } : each))
  switch (below(16)) {
    case 0:
      return sections.filter(each => each !== section)
    case 1:
      return instead(oneOf(sections, below).bytes)
    case 2:
    case 3: {
      const other = others.find(({ name }) => name === section.name)
      return instead(other?.bytes ?? new Uint8Array(0))
    }
    case 4:
      return instead(spliced(section.bytes, below))
    default:
      return instead(changed(section, below))
  }
}

/** Bytes left out, put in, or there twice. */
function spliced(bytes: Uint8Array, below: Below): Uint8Array {
  const [from, to] = [below(bytes.length + 1), below(bytes.length + 1)].sort((a, b) => a - b) as [number, number]
  const kind = below(3)
  if (kind === 0) return Uint8Array.of(...bytes.subarray(0, from), ...bytes.subarray(to))
  if (kind === 1) return Uint8Array.of(...bytes.subarray(0, to), ...bytes.subarray(from))
  return Uint8Array.of(
    ...bytes.subarray(0, from),
    ...Array.from({ length: below(40) }, () => below(256)),
    ...bytes.subarray(from),
  )
}

/** One to three numbers, bytes or texts that are others. */
function changed({ bytes, fields }: KnownSection, below: Below): Uint8Array {
  const copy = bytes.slice()
  for (let left = 1 + below(3) * below(2); left > 0 && copy.length > 0; left--) {
    if (fields.length === 0 || below(8) === 0) copy[below(copy.length)]! ^= 1 << below(8)
    else changeField(copy, oneOf(fields, below), fields, below)
  }
  return copy
}

function changeField(bytes: Uint8Array, field: StateField, fields: readonly StateField[], below: Below): void {
  const { kind, at } = field
  const view = new DataView(bytes.buffer, at)
  if (below(3) === 0) {
    exchange(
      bytes,
      field,
      oneOf(
        fields.filter(each => each.kind === kind),
        below,
      ),
      below(2) === 0,
    )
  } else if (kind === 'u8') bytes[at] = below(2) === 0 ? below(16) : below(256)
  else if (kind === 'u32')
    view.setUint32(0, below(2) === 0 ? oneOf(WORDS, below) : view.getUint32(0, true) + below(5) - 2, true)
  else if (kind === 'f64')
    view.setFloat64(0, below(2) === 0 ? oneOf(NUMBERS, below) : view.getFloat64(0, true) + below(5) - 2, true)
  else {
    const length = view.getUint32(1, true)
    if (length > 0) bytes[at + 5 + below(length)] = below(2) === 0 ? 0xff : below(256)
    else bytes[at] = below(3)
  }
}

/** One field gets what another has, and that, perhaps, what this one had: numbers that came in an order don't any more. */
function exchange(bytes: Uint8Array, one: StateField, other: StateField, both: boolean): void {
  const width = WIDTH[one.kind]
  if (Math.max(one.at, other.at) + width > bytes.length) return
  const kept = bytes.slice(one.at, one.at + width)
  bytes.copyWithin(one.at, other.at, other.at + width)
  if (both) bytes.set(kept, other.at)
}
