import { checkpointMismatch, show } from '../errors.ts'
import type { Section } from './checkpoint-format.ts'
import { StateReader } from './state-reader.ts'
import { StateWriter } from './state-writer.ts'
import type { Stateful } from './stateful.ts'

/** Something that keeps a state, under a name that finds it again in a checkpoint. */
export interface NamedState {
  readonly name: string
  /** What the state is of. Another text where it is restored: it is of something else. Default: the empty one. */
  readonly shape?: string
  readonly state: Stateful
}

/** What may differ between those who wrote a checkpoint and those it is restored into. */
export interface RestoreTolerance {
  /** The state of something that is no longer there is dropped. Default: that is an error. */
  readonly allowDropped?: boolean
  /** What has no state in the checkpoint begins with none. Default: that is an error. */
  readonly allowNew?: boolean
}

/**
 * A section for each that has something to write. Who has nothing is left out: adding it later, or taking it away, is no
 * difference to a checkpoint.
 *
 * @param expectedBytes How long the section of a name will be, where that is known.
 */
export function sectionsOf(states: readonly NamedState[], expectedBytes = (_name: string): number => 256): Section[] {
  return states.flatMap(({ name, shape = '', state }) => {
    const writer = new StateWriter(expectedBytes(name))
    writer.text(shape)
    const { length } = writer
    state.snapshot(writer)
    return writer.length === length ? [] : [{ name, bytes: writer.finish() }]
  })
}

/**
 * Gives each its section. What throws may leave some restored and others not: those it was restored into are to be thrown
 * away.
 *
 * @throws EventfluxError `CHECKPOINT_MISMATCH`, `CHECKPOINT_INVALID`.
 */
export function restoreSections(
  states: readonly NamedState[],
  sections: readonly Section[],
  { allowDropped = false, allowNew = false }: RestoreTolerance = {},
): void {
  const left = new Map(sections.map(section => [section.name, section]))
  for (const { name, shape = '', state } of states) {
    const section = left.get(name)
    left.delete(name)
    if (section !== undefined) {
      const reader = new StateReader(section.bytes, name)
      reader.expect(shape)
      state.restore(reader)
      reader.end()
    } else if (!allowNew && state.sizeBytes() > 0)
      throw checkpointMismatch(
        `the checkpoint holds no state of ${show(name)}: it was written before that was there, or under another name; allowNew lets it begin without`,
        { at: name, value: name },
      )
  }
  if (left.size > 0 && !allowDropped)
    throw checkpointMismatch(
      `the checkpoint holds a state of ${[...left.keys()].map(show).join(', ')}, and there is nothing of that name: give the step its old name, or allowDropped drops the state`,
      { at: [...left.keys()][0]!, value: [...left.keys()] },
    )
}
