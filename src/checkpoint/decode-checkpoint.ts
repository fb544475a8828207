import { checkpointInvalid, show } from '../errors.ts'
import { checkBytes } from './check-bytes.ts'
import {
  type DecodedCheckpoint,
  ENTRY_BYTES,
  FORM,
  HEADER,
  HEADER_BYTES,
  LONGEST_NAME,
  MAGIC,
  MOST_SECTIONS,
  type StoredSection,
} from './checkpoint-format.ts'
import { crc32c } from './crc-32c.ts'
import { allSteps, piecesOf, type Steps } from './steps.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Takes a checkpoint apart. The bytes may be anything: every one of them is under a checksum, every length is held
 * against what is there before it is gone by, and nothing is copied: the sections lie where they stand.
 *
 * @throws EventfluxError `CHECKPOINT_INVALID`
 *
 * @example
 * const bytes = encodeCheckpoint([{ name: 'total', bytes: Uint8Array.of(42) }])
 * decodeCheckpoint(bytes).sections[0]?.name // 'total'
 */
export function decodeCheckpoint(bytes: Uint8Array): DecodedCheckpoint {
  return allSteps(decodingSteps(bytes))
}

/** As `decodeCheckpoint`, step by step. */
export function* decodingSteps(bytes: Uint8Array): Steps<DecodedCheckpoint> {
  checkBytes('a checkpoint', bytes)
  if (bytes.length < HEADER_BYTES) throw checkpointInvalid(`a checkpoint has ${HEADER_BYTES} bytes or more`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (MAGIC.some((byte, at) => bytes[at] !== byte))
    throw checkpointInvalid('this is no checkpoint: it begins otherwise')
  if (crc32c(bytes.subarray(0, HEADER.crc)) !== view.getUint32(HEADER.crc, true))
    throw checkpointInvalid('the header of the checkpoint is damaged')
  const total = view.getUint32(HEADER.total, true) + view.getUint32(HEADER.total + 4, true) * 2 ** 32
  if (total !== bytes.length)
    throw checkpointInvalid(`the checkpoint has ${total} bytes, and ${bytes.length} are there`, { value: bytes.length })
  const version = { major: view.getUint16(HEADER.major, true), minor: view.getUint16(HEADER.minor, true) }
  const sections: StoredSection[] = []
  const names = new Set<string>()
  const directory = directoryOf(bytes, view)
  let at = HEADER_BYTES + directory.length
  let entry = HEADER_BYTES
  for (let left = view.getUint32(HEADER.sections, true); left > 0; left--) {
    const section = entryAt(bytes, view, entry, HEADER_BYTES + directory.length, at)
    const { name, crc, form, wholeBytes, wholeCrc } = section
    if (names.has(name)) throw checkpointInvalid(`the checkpoint has two sections called ${show(name)}`, { at: name })
    names.add(name)
    let found = 0
    for (const piece of piecesOf(section.bytes)) {
      found = crc32c(piece, found)
      yield piece.length
    }
    if (found !== crc) throw checkpointInvalid(`the section ${show(name)} of the checkpoint is damaged`, { at: name })
    sections.push({ name, bytes: section.bytes, form, wholeBytes, wholeCrc })
    entry = section.end
    at += section.bytes.length
  }
  if (entry !== HEADER_BYTES + directory.length || at !== bytes.length)
    throw checkpointInvalid('the sections of the checkpoint are not all it holds')
  return { version, sections }
}

function directoryOf(bytes: Uint8Array, view: DataView): Uint8Array {
  const length = view.getUint32(HEADER.directory, true)
  const count = view.getUint32(HEADER.sections, true)
  if (count > MOST_SECTIONS)
    throw checkpointInvalid(`the checkpoint has ${count} sections, and may have ${MOST_SECTIONS}`)
  if (length > bytes.length - HEADER_BYTES || count * ENTRY_BYTES > length)
    throw checkpointInvalid(`a directory of ${count} sections in ${length} bytes does not fit the checkpoint`)
  const directory = bytes.subarray(HEADER_BYTES, HEADER_BYTES + length)
  if (crc32c(directory) !== view.getUint32(HEADER.directoryCrc, true))
    throw checkpointInvalid('the directory of the checkpoint is damaged')
  return directory
}

/** The section whose entry stands at `entry`, its bytes at `at`; `end`: where the next entry is. */
function entryAt(
  bytes: Uint8Array,
  view: DataView,
  entry: number,
  directoryEnd: number,
  at: number,
): StoredSection & { readonly crc: number; readonly end: number } {
  if (entry + ENTRY_BYTES > directoryEnd) throw checkpointInvalid('the directory of the checkpoint is cut short')
  const nameBytes = view.getUint16(entry, true)
  const end = entry + ENTRY_BYTES + nameBytes
  if (nameBytes === 0 || nameBytes > LONGEST_NAME || end > directoryEnd)
    throw checkpointInvalid(`a section of the checkpoint has a name of ${nameBytes} bytes`)
  const name = nameOf(bytes.subarray(entry + 2, entry + 2 + nameBytes))
  const fields = entry + 2 + nameBytes
  const form = view.getUint8(fields)
  if (form !== FORM.whole && form !== FORM.changes)
    throw checkpointInvalid(`the section ${show(name)} stands in an unknown form`, { at: name })
  const [wholeBytes, wholeCrc, stored, crc] = [1, 5, 9, 13].map(offset => view.getUint32(fields + offset, true)) as [
    number,
    number,
    number,
    number,
  ]
  if (stored > bytes.length - at || (form === FORM.whole && (stored !== wholeBytes || crc !== wholeCrc)))
    throw checkpointInvalid(`the section ${show(name)} can't have ${stored} bytes`, { at: name, value: stored })
  return { name, bytes: bytes.subarray(at, at + stored), form, wholeBytes, wholeCrc, crc, end }
}

function nameOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw checkpointInvalid('the name of a section is not UTF-8', { cause })
  }
}
