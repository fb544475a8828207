import { checkpointMismatch, show } from '../errors.ts'
import type { Section } from './checkpoint-format.ts'
import { StatePart } from './state-part.ts'
import { StateReader } from './state-reader.ts'
import { StateWriter } from './state-writer.ts'
import type { Stateful } from './stateful.ts'
import { allSteps, type Steps } from './steps.ts'

/** Something that keeps a state, under a name that finds it again in a checkpoint. */
export interface NamedState {
  readonly name: string
  /** What the state is of. Another text where it is restored: it is of something else. Default: the empty one. */
  readonly shape?: string
  readonly state: Stateful
  /**
   * Takes what the state is made of as it is now, and gives the steps that write what `snapshot` would have. For what is
   * quickly taken and takes long to write.
   */
  readonly capture?: () => (writer: StateWriter) => Steps<void>
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
  return allSteps(capturedSections(states, expectedBytes))
}

/** As `sectionsOf`, of the states as they are now; what can be written later is written by the steps. */
export function capturedSections(
  states: readonly NamedState[],
  expectedBytes = (_name: string): number => 256,
): Steps<Section[]> {
  return finishing(
    states.map(({ name, shape = '', state, capture }) => {
      const writer = new StateWriter(expectedBytes(name))
      writer.text(shape)
      const { length } = writer
      if (capture === undefined) state.snapshot(writer)
      return { name, writer, emptyLength: length, write: capture?.() }
    }),
  )
}

function* finishing(
  started: readonly {
    readonly name: string
    readonly writer: StateWriter
    readonly emptyLength: number
    readonly write: ((writer: StateWriter) => Steps<void>) | undefined
  }[],
): Steps<Section[]> {
  const sections: Section[] = []
  for (const { name, writer, emptyLength, write } of started) {
    if (write !== undefined) yield* write(writer)
    if (writer.length > emptyLength) sections.push({ name, bytes: writer.finish() })
  }
  return sections
}

/** The same for a state in parts, each of which gives something to each. */
export function restoreParts(
  states: readonly NamedState[],
  parts: readonly (readonly Section[])[],
  tolerance: RestoreTolerance = {},
): void {
  const needed = new Set(states.filter(({ state }) => state.sizeBytes() > 0).map(({ name }) => name))
  for (const sections of parts) {
    const part = new StatePart()
    restoreSections(states, sections, tolerance, { part, needed })
    part.done()
  }
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
  part?: { readonly part: StatePart; readonly needed: ReadonlySet<string> },
): void {
  const left = new Map(sections.map(section => [section.name, section]))
  for (const { name, shape = '', state } of states) {
    const section = left.get(name)
    left.delete(name)
    if (section !== undefined) {
      const reader = new StateReader(section.bytes, name, part?.part)
      reader.expect(shape)
      state.restore(reader)
      reader.end()
    } else if (!allowNew && (part === undefined ? state.sizeBytes() > 0 : part.needed.has(name)))
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
