import { FORM, type Section, type StoredSection } from './checkpoint-format.ts'
import { type CheckpointMeta, encodeMeta } from './checkpoint-meta.ts'
import { crc32c } from './crc-32c.ts'
import { encodingSteps } from './encode-checkpoint.ts'
import { changesSteps } from './section-changes.ts'
import { piecesOf, type Steps } from './steps.ts'

/** Changes are written where they are at most this much of a section. */
const WORTH = 0.75

/**
 * A checkpoint of whole sections, step by step.
 *
 * @param before The sections of the checkpoint `meta.base`: what is like them is left out.
 */
export function* writingSteps(
  meta: CheckpointMeta,
  sections: readonly Section[],
  before: readonly Section[] = [],
): Steps<Uint8Array> {
  const stored: StoredSection[] = []
  for (const section of [encodeMeta(meta), ...sections]) {
    const { name, bytes } = section
    const whole = { name, wholeBytes: bytes.length, wholeCrc: yield* crcSteps(bytes) }
    const of = before.find(each => each.name === name)
    const changes = of && (yield* changesSteps(of.bytes, bytes))
    stored.push(
      changes !== undefined && changes.length < bytes.length * WORTH
        ? { ...whole, form: FORM.changes, bytes: changes }
        : { ...whole, form: FORM.whole, bytes },
    )
  }
  return yield* encodingSteps(stored)
}

function* crcSteps(bytes: Uint8Array): Steps<number> {
  let crc = 0
  for (const piece of piecesOf(bytes)) {
    crc = crc32c(piece, crc)
    yield piece.length
  }
  return crc
}
