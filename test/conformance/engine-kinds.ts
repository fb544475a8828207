import type { EngineCase } from './cases.ts'

/** What a case of an engine is about: told by what it gives and what it expects, never by its name. */
export type EngineKind =
  | 'tumbling.windows'
  | 'hopping.windows'
  | 'hopping.starts'
  | 'hopping.ids'
  | 'hopping.groups'
  | 'aligned.script'
  | 'aligned.overflow'
  | 'aligned.sums'
  | 'aligned.updates'
  | 'aligned.refused'
  | 'aligned.limits'
  | 'aligned.sample'
  | 'session.script'
  | 'session.updates'
  | 'session.touch'
  | 'session.lists'
  | 'session.gaps'
  | 'session.late'
  | 'session.flush'
  | 'sliding.contents'
  | 'count.hopping'
  | 'count.by-time'
  | 'watermark.physical'
  | 'pattern'

interface Shape {
  readonly kind: EngineKind
  /** What the input has, or each of a list of inputs. */
  readonly has: readonly string[]
  /** What it may have besides. */
  readonly may?: readonly string[]
  /** It is a list of such inputs, each with its own expectation. */
  readonly isList?: true
  readonly also?: (given: EngineCase) => boolean
}

// biome-ignore lint/suspicious/noExplicitAny: what a case gives may be anything
type Given = any

const isObject = (value: Given): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
const expects =
  (name: string) =>
  ({ expected }: EngineCase): boolean =>
    isObject(expected) && name in expected
const expectsList = ({ expected }: EngineCase): boolean => Array.isArray(expected)
const hasBounds = ({ expected }: EngineCase): boolean =>
  Array.isArray(expected) && expected.some(({ rows }: Given) => rows?.some((row: Given[]) => Array.isArray(row[2])))

/** Of two shapes that fit, the first is meant. */
const SHAPES: readonly Shape[] = [
  { kind: 'hopping.ids', has: ['length', 'offset', 't'], isList: true },
  { kind: 'hopping.windows', has: ['size', 'advance', 'ts'], may: ['offset'], isList: true },
  { kind: 'watermark.physical', has: ['items', 'elapsed'], may: ['then'], isList: true },
  {
    kind: 'aligned.overflow',
    has: ['size', 'lateness', 'ts', 'watermarks'],
    may: ['slide', 'offset'],
    also: ({ input }) => typeof input.ts === 'string',
  },
  { kind: 'hopping.groups', has: ['size', 'every', 'ts'], may: ['offset'] },
  { kind: 'hopping.starts', has: ['size', 'slide', 'ts'], may: ['offset'], also: expects('starts') },
  { kind: 'aligned.updates', has: ['size', 'ts'], may: ['advance', 'grace'], also: expects('final') },
  { kind: 'tumbling.windows', has: ['size', 'ts'], may: ['offset'], also: expectsList },
  { kind: 'aligned.script', has: ['size', 'steps'], may: ['slide', 'offset', 'lateness', 'accumulate'] },
  { kind: 'aligned.script', has: ['size', 'events', 'watermarks'], may: ['slide', 'offset', 'lateness', 'accumulate'] },
  { kind: 'aligned.sums', has: ['size', 'rows', 'watermarks'], may: ['slide', 'offset'] },
  { kind: 'aligned.refused', has: ['params'] },
  { kind: 'aligned.limits', has: ['bad'] },
  { kind: 'aligned.sample', has: ['bids'] },
  { kind: 'session.script', has: ['gap', 'steps'], may: ['lateness', 'accumulate'], also: hasBounds },
  { kind: 'session.updates', has: ['gap', 'rows'], may: ['grace'] },
  { kind: 'session.touch', has: ['gap', 'ts'], also: expects('one_session') },
  { kind: 'session.gaps', has: ['gaps', 'arrivals', 'watermark'] },
  { kind: 'session.flush', has: ['key', 'sessions', 'watermark'] },
  { kind: 'session.late', has: ['steps'] },
  { kind: 'sliding.contents', has: ['difference', 'rows'], may: ['grace'] },
  { kind: 'count.hopping', has: ['size', 'interval', 'events'] },
  { kind: 'count.by-time', has: ['count', 'rows', 'watermark'] },
]

/** What a case is about; undefined when no kind has its shape. */
export function engineKindOf(given: EngineCase): EngineKind | undefined {
  const { input } = given
  if (!Array.isArray(input)) return SHAPES.find(shape => shape.isList === undefined && fits(shape, input, given))?.kind
  if (input.length === 0) return undefined
  if (input.every(each => typeof each === 'string')) return 'pattern'
  const isRun = ([times, watermark]: Given) => Array.isArray(times) && typeof watermark === 'number'
  if (input.every(each => Array.isArray(each) && isRun(each))) return 'session.lists'
  return SHAPES.find(shape => shape.isList && input.every(each => fits(shape, each, given)))?.kind
}

function fits({ has, may = [], also = () => true }: Shape, input: Given, given: EngineCase): boolean {
  if (!isObject(input)) return false
  const names = Object.keys(input)
  const isMeant = has.every(name => names.includes(name)) && names.every(name => [...has, ...may].includes(name))
  return isMeant && also(given)
}

/** The shape of a value in a few words, for whoever gives a case that no kind has. */
export function shapeOf(value: Given): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${shapeOf(value[0])}, …]`
  return isObject(value) ? `{ ${Object.keys(value).join(', ')} }` : typeof value
}
