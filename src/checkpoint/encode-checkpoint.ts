import { checkpointUnsupported, show } from '../errors.ts'
import { expectArgument } from '../options.ts'
import { hasHalfPair } from '../schema/half-pair.ts'
import {
  ENTRY_BYTES,
  FORM,
  HEADER,
  HEADER_BYTES,
  LONGEST_NAME,
  MAGIC,
  MOST_SECTIONS,
  type Section,
  type StoredSection,
  VERSION,
} from './checkpoint-format.ts'
import { crc32c } from './crc-32c.ts'
import { allSteps, piecesOf, type Steps } from './steps.ts'

const utf8 = new TextEncoder()

/**
 * Puts sections into one checkpoint, in the format docs/checkpoints.md draws.
 *
 * @throws EventfluxError `OPTION_INVALID` for what are no sections, `CHECKPOINT_UNSUPPORTED` for two of one name, and for too
 *   many.
 *
 * @example
 * const bytes = encodeCheckpoint([{ name: 'total', bytes: Uint8Array.of(42) }])
 */
export function encodeCheckpoint(sections: readonly Section[]): Uint8Array {
  expectArgument('encodeCheckpoint', sections, isSections, 'a list of sections, { name, bytes } each')
  return allSteps(
    encodingSteps(
      sections.map(section => ({
        ...section,
        form: FORM.whole,
        wholeBytes: section.bytes.length,
        wholeCrc: crc32c(section.bytes),
      })),
    ),
  )
}

function isSections(sections: unknown): boolean {
  const isSection = (section: Partial<Section> | null | undefined): boolean =>
    typeof section?.name === 'string' && section.bytes instanceof Uint8Array
  return Array.isArray(sections) && sections.every(isSection)
}

/** As `encodeCheckpoint`, of sections as they shall stand, step by step. */
export function* encodingSteps(sections: readonly StoredSection[]): Steps<Uint8Array> {
  const names = sections.map(({ name }) => utf8.encode(name))
  checkNames(sections, names)
  const directoryBytes = names.reduce((sum, name) => sum + ENTRY_BYTES + name.length, 0)
  const total = sections.reduce((sum, { bytes }) => sum + bytes.length, HEADER_BYTES + directoryBytes)
  const bytes = new Uint8Array(total)
  const view = new DataView(bytes.buffer)
  bytes.set(MAGIC)
  view.setUint16(HEADER.major, VERSION.major, true)
  view.setUint16(HEADER.minor, VERSION.minor, true)
  view.setUint32(HEADER.sections, sections.length, true)
  view.setUint32(HEADER.directory, directoryBytes, true)
  view.setUint32(HEADER.total, total % 2 ** 32, true)
  view.setUint32(HEADER.total + 4, Math.floor(total / 2 ** 32), true)
  let entry = HEADER_BYTES
  let at = HEADER_BYTES + directoryBytes
  for (const [i, section] of sections.entries()) {
    const name = names[i]!
    view.setUint16(entry, name.length, true)
    bytes.set(name, entry + 2)
    entry += 2 + name.length
    view.setUint8(entry, section.form)
    view.setUint32(entry + 1, section.wholeBytes, true)
    view.setUint32(entry + 5, section.wholeCrc, true)
    view.setUint32(entry + 9, section.bytes.length, true)
    let crc = 0
    for (const piece of piecesOf(section.bytes)) {
      bytes.set(piece, at)
      at += piece.length
      if (section.form !== FORM.whole) crc = crc32c(piece, crc)
      yield piece.length
    }
    view.setUint32(entry + 13, section.form === FORM.whole ? section.wholeCrc : crc, true)
    entry += ENTRY_BYTES - 2
  }
  view.setUint32(HEADER.directoryCrc, crc32c(bytes.subarray(HEADER_BYTES, HEADER_BYTES + directoryBytes)), true)
  view.setUint32(HEADER.crc, crc32c(bytes.subarray(0, HEADER.crc)), true)
  return bytes
}

function checkNames(sections: readonly Section[], names: readonly Uint8Array[]): void {
  if (sections.length > MOST_SECTIONS)
    throw checkpointUnsupported(`a checkpoint has at most ${MOST_SECTIONS} sections, not ${sections.length}`)
  const seen = new Set<string>()
  for (const [i, { name }] of sections.entries()) {
    if (names[i]!.length === 0 || names[i]!.length > LONGEST_NAME)
      throw checkpointUnsupported(`a section is named by 1 to ${LONGEST_NAME} bytes, not ${show(name)}`, {
        value: name,
      })
    // As bytes, halves of pairs are all the same: nothing would be found again under such a name.
    if (hasHalfPair(name))
      throw checkpointUnsupported(`the name of a section is text, and ${show(name)} has half of a surrogate pair`, {
        value: name,
      })
    if (seen.has(name))
      throw checkpointUnsupported(`two sections of a checkpoint are called ${show(name)}`, { value: name })
    seen.add(name)
  }
}
