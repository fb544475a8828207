import { checkpointInvalid } from '../errors.ts'
import type { Section } from './checkpoint-format.ts'
import { StateReader } from './state-reader.ts'
import { StateWriter } from './state-writer.ts'

/** The section every checkpoint has, in front of all others. */
const META = 'checkpoint'

/** What a checkpoint says about itself. */
export interface CheckpointMeta {
  readonly id: number
  /** The checkpoint before, where some sections are changes to what it holds; 0: all are whole. */
  readonly base: number
  /** When it was taken, in milliseconds since the epoch. */
  readonly createdMs: number
  /** What it is of, by name: the fingerprints of plan and schema, the engine. */
  readonly labels: Readonly<Record<string, string>>
}

export function encodeMeta({ id, base, createdMs, labels }: CheckpointMeta): Section {
  const writer = new StateWriter()
  writer.f64(id)
  writer.f64(base)
  writer.f64(createdMs)
  const entries = Object.entries(labels)
  writer.u32(entries.length)
  for (const [name, text] of entries) {
    writer.text(name)
    writer.text(text)
  }
  return { name: META, bytes: writer.finish() }
}

/** @throws EventfluxError `CHECKPOINT_INVALID` */
export function decodeMeta(sections: readonly Section[]): CheckpointMeta {
  const section = sections[0]
  if (section?.name !== META) throw checkpointInvalid(`the checkpoint does not begin with the section "${META}"`)
  const reader = new StateReader(section.bytes, META)
  const id = reader.amount()
  const base = reader.amount()
  if (id === 0 || base >= id) reader.refuse(`a checkpoint ${id} on top of ${base}`)
  const createdMs = reader.finite()
  const labels: Record<string, string> = Object.create(null)
  for (let left = reader.count(10); left > 0; left--) {
    const name = reader.text()
    labels[name] = reader.text()
  }
  reader.end()
  return { id, base, createdMs, labels }
}
