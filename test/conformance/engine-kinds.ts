import type { EngineCase } from './cases.ts'

/** What a case of an engine is about: told by what it gives and what it expects, never by its name. */
export type EngineKind =
  | 'tumbling.windows'
  | 'hopping.windows'
  | 'hopping.starts'
  | 'hopping.ids'
  | 'hopping.groups'
  | 'aligned.lists'
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
  | 'session.groups'
  | 'session.sums'
  | 'session.refused'
  | 'session.late'
  | 'session.flush'
  | 'sliding.contents'
  | 'count.hopping'
  | 'count.by-time'
  | 'watermark.bounded'
  | 'watermark.physical'
  | 'join'
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
/** Rows by window: `{ "[0,10)": [1, 2] }`. */
const expectsGroups = ({ expected }: EngineCase): boolean =>
  isObject(expected) && Object.keys(expected).every(name => /^\[-?\d+,-?\d+\)$/.test(name))
/** A list of windows for each instant. */
const expectsLists = ({ expected }: EngineCase): boolean =>
  Array.isArray(expected) && expected.every(each => Array.isArray(each) && each.every(Array.isArray))
const areNumbers = (values: Given): boolean => Array.isArray(values) && values.every(value => typeof value === 'number')
const expectsRows = ({ expected }: EngineCase): boolean =>
  Array.isArray(expected) && expected.every((each: Given) => Array.isArray(each?.rows))

/** Of two shapes that fit, the first is meant. */
const SHAPES: readonly Shape[] = [
  { kind: 'hopping.ids', has: ['length', 't'], may: ['offset'], isList: true },
  { kind: 'hopping.windows', has: ['size', 'advance', 'ts'], may: ['offset'], isList: true },
  { kind: 'watermark.physical', has: ['items', 'elapsed'], may: ['then'], isList: true },
  {
    kind: 'aligned.overflow',
    has: ['size', 'lateness', 'ts', 'watermarks'],
    may: ['slide', 'offset'],
    also: ({ input }) => typeof input.ts === 'string',
  },
  { kind: 'hopping.groups', has: ['size', 'ts'], may: ['every', 'slide', 'offset'], also: expectsGroups },
  { kind: 'hopping.starts', has: ['size', 'slide', 'ts'], may: ['offset'], also: expects('starts') },
  { kind: 'aligned.updates', has: ['size', 'ts'], may: ['advance', 'grace'], also: expects('final') },
  { kind: 'aligned.updates', has: ['size', 'rows'], may: ['advance', 'grace'], also: expects('final') },
  { kind: 'aligned.lists', has: ['size', 'ts'], may: ['slide', 'advance', 'offset'], also: expectsLists },
  { kind: 'aligned.lists', has: ['step', 'max', 'ts'], may: ['offset'], also: expectsLists },
  { kind: 'tumbling.windows', has: ['size', 'ts'], may: ['offset'], also: expectsList },
  { kind: 'aligned.script', has: ['size', 'steps'], may: ['slide', 'offset', 'lateness', 'accumulate'] },
  { kind: 'aligned.script', has: ['size', 'events', 'watermarks'], may: ['slide', 'offset', 'lateness', 'accumulate'] },
  { kind: 'aligned.sums', has: ['size', 'rows', 'watermarks'], may: ['slide', 'offset'] },
  { kind: 'session.refused', has: ['params'], also: ({ input }) => areNumbers(input.params) },
  { kind: 'aligned.refused', has: ['params'] },
  { kind: 'aligned.limits', has: ['bad'] },
  { kind: 'aligned.sample', has: ['bids'] },
  { kind: 'aligned.script', has: ['step', 'max', 'steps'], may: ['offset', 'lateness', 'accumulate'] },
  { kind: 'session.script', has: ['gap', 'steps'], may: ['lateness', 'accumulate'], also: expectsRows },
  { kind: 'session.script', has: ['gap', 'events', 'watermarks'], may: ['lateness', 'accumulate'], also: expectsRows },
  { kind: 'session.sums', has: ['gap', 'rows', 'watermarks'] },
  { kind: 'session.groups', has: ['gap', 'ts'], also: expectsGroups },
  { kind: 'session.updates', has: ['gap', 'rows'], may: ['grace'] },
  { kind: 'session.touch', has: ['gap', 'ts'], also: expects('one_session') },
  { kind: 'session.gaps', has: ['gaps', 'arrivals', 'watermark'] },
  { kind: 'session.flush', has: ['key', 'sessions', 'watermark'] },
  { kind: 'session.late', has: ['steps'] },
  { kind: 'sliding.contents', has: ['difference', 'rows'], may: ['grace'] },
  { kind: 'count.hopping', has: ['size', 'events'], may: ['interval'] },
  { kind: 'watermark.bounded', has: ['bound', 'ts'], also: ({ expected }) => areNumbers(expected) },
  { kind: 'count.by-time', has: ['count', 'rows', 'watermark'] },
]

/** What joins are told by: two sides, or how far apart the times of a pair may be. */
const JOINED = [
  ['left', 'right'],
  ['lower', 'upper'],
] as const

/** What a case is about; undefined when no kind has its shape. */
export function engineKindOf(given: EngineCase): EngineKind | undefined {
  const { input } = given
  if (isObject(input) && JOINED.some(names => names.every(name => name in input))) return 'join'
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
