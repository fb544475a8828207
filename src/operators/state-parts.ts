import type { Section } from '../checkpoint/checkpoint-format.ts'
import { StateReader } from '../checkpoint/state-reader.ts'
import { StateWriter } from '../checkpoint/state-writer.ts'
import { checkpointInvalid } from '../errors.ts'

/** The section that says how the work was spread; without it, all was done on one thread. */
const LAYOUT = 'layout'
const SHARDS = 'shards'
const STAGES = 'stages'
/** What the sections of a part begin with. */
const PART = { [SHARDS]: 'worker', [STAGES]: 'stage' } as const
/** Most threads a layout names. */
const MOST_THREADS = 64

/** How work is spread: replicas of a plan, or its stages one after the other. */
export type Layout = `${typeof SHARDS | typeof STAGES} ${number}` | ''

/** The sections of a checkpoint by who kept them. */
export interface StateParts {
  /** How the work was spread. */
  readonly layout: Layout
  /** Of the thread that runs the job. */
  readonly here: readonly Section[]
  /** Of each worker. */
  readonly parts: readonly (readonly Section[])[]
}

export const shardsLayout = (workers: number): Layout => `${SHARDS} ${workers}`
export const stagesLayout = (workers: number): Layout => `${STAGES} ${workers}`
/** What their order goes by where results of workers come worker by worker: how many there are. One is as good as none. */
export const orderBySpread = (layout: Layout): string => (layout === shardsLayout(1) ? '' : layout)
export const isSharded = (layout: Layout): boolean => layout.startsWith(SHARDS)

/** What a layout is, for messages. */
export function layoutInWords(layout: Layout): string {
  if (layout === '') return 'one thread'
  const [kind, count] = layout.split(' ') as [string, string]
  return kind === SHARDS ? `${count} worker${count === '1' ? '' : 's'}` : `${count} stages on workers of their own`
}

/** Puts together what was kept by the workers, and how they were spread. */
export function sectionsOfParts(layout: Layout, parts: readonly (readonly Section[])[]): readonly Section[] {
  const writer = new StateWriter(32)
  writer.text(layout)
  const kind = PART[isSharded(layout) ? SHARDS : STAGES]
  return [
    { name: LAYOUT, bytes: writer.finish() },
    ...parts.flatMap((sections, i) => sections.map(({ name, bytes }) => ({ name: `${kind}/${i + 1}/${name}`, bytes }))),
  ]
}

/** @throws EventfluxError `CHECKPOINT_INVALID` */
export function partsOf(sections: readonly Section[]): StateParts {
  const given = sections.find(({ name }) => name === LAYOUT)
  if (given === undefined) return { layout: '', here: sections, parts: [] }
  const reader = new StateReader(given.bytes, LAYOUT)
  const layout = reader.text()
  reader.end()
  const [, kind, digits] = /^(shards|stages) ([1-9]\d?)$/.exec(layout) ?? []
  const count = Number(digits)
  if (kind === undefined || count > MOST_THREADS) reader.refuse('there is no such layout')
  const parts: Section[][] = Array.from({ length: count }, () => [])
  const here: Section[] = []
  for (const section of sections) {
    if (section === given) continue
    const [, of, number, name] = /^(worker|stage)\/(\d+)\/(.+)$/s.exec(section.name) ?? []
    if (of === undefined) here.push(section)
    else if (of !== PART[kind as keyof typeof PART] || parts[Number(number) - 1] === undefined)
      throw checkpointInvalid(`the section ${section.name} is of a worker there isn't`, { at: section.name })
    else parts[Number(number) - 1]!.push({ name: name!, bytes: section.bytes })
  }
  return { layout: layout as Layout, here, parts }
}

/** Whether a section is of a step, or of what all steps go by. */
export const isOfChain = ({ name }: Section): boolean => name === 'texts' || name.startsWith('operator/')
