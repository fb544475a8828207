import { checkpointInvalid, show } from '../errors.ts'
import { checkBytes } from './check-bytes.ts'
import { type DecodedCheckpoint, FORM, type Section, type StoredSection } from './checkpoint-format.ts'
import { type CheckpointMeta, decodeMeta } from './checkpoint-meta.ts'
import { crc32c } from './crc-32c.ts'
import { decodingSteps } from './decode-checkpoint.ts'
import { gunzip, isGzip } from './gzip.ts'
import { applyChanges } from './section-changes.ts'
import { inTurns } from './steps.ts'

/** Most bytes a compressed checkpoint unpacks to unless told otherwise. */
const MOST_BYTES = 2 ** 30

/** A checkpoint taken apart: what it says about itself, and its other sections, whole or as they stand. */
export interface CheckpointContent<S extends Section = Section> {
  readonly version: DecodedCheckpoint['version']
  readonly meta: CheckpointMeta
  readonly sections: readonly S[]
}

/** What one checkpoint holds, compressed or not. @throws EventfluxError `CHECKPOINT_INVALID`, `CHECKPOINT_UNSUPPORTED` */
export async function readCheckpoint(
  bytes: Uint8Array,
  maxBytes = MOST_BYTES,
): Promise<CheckpointContent<StoredSection>> {
  checkBytes('a checkpoint', bytes)
  const plain = isGzip(bytes) ? await gunzip(bytes, maxBytes) : bytes
  const { version, sections } = await inTurns(decodingSteps(plain))
  return { version, meta: decodeMeta(sections), sections: sections.slice(1) }
}

/** What one says about itself. */
export const readFirst = async (bytes: Uint8Array): Promise<CheckpointMeta> => (await readCheckpoint(bytes)).meta

/**
 * The sections of a checkpoint, whole.
 *
 * @param before The whole sections of the one it holds changes to.
 * @throws EventfluxError `CHECKPOINT_INVALID`
 */
export function wholeSections(
  { sections }: CheckpointContent<StoredSection>,
  before: readonly Section[],
): readonly Section[] {
  return sections.map(({ name, bytes, form, wholeBytes, wholeCrc }) => {
    if (form === FORM.whole) return { name, bytes }
    const of = before.find(each => each.name === name)
    if (of === undefined)
      throw checkpointInvalid(`the section ${show(name)} holds changes to a section that isn't there`, { at: name })
    const whole = applyChanges(of.bytes, bytes, wholeBytes)
    if (crc32c(whole) !== wholeCrc)
      throw checkpointInvalid(`the section ${show(name)} holds changes to another one than it finds`, { at: name })
    return { name, bytes: whole }
  })
}
