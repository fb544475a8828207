// A parser of OpenMetrics text, written from the specification (1.0: "ABNF" and "Overall structure") and from nothing else:
// it takes what must be taken of counters, gauges and summaries, and throws at the rest.

export interface ParsedSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Name and labels, in order. */
  readonly key: string
}

interface ParsedFamily {
  readonly name: string
  type?: string
  unit?: string
  help?: string
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*/
const LABEL_VALUE = /^"((?:[^"\\\n]|\\[\\n"])*)"/
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?Inf|NaN)$/
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  gauge: [''],
  counter: ['_total', '_created'],
  summary: ['', '_count', '_sum', '_created'],
}

/** @param options.units whether every family whose name ends in a unit must say so. */
export function parseOpenMetrics(text: string, { units = true } = {}) {
  if (!text.endsWith('\n')) throw new Error('the text must end with a line end')
  const lines = text.slice(0, -1).split('\n')
  if (lines.pop() !== '# EOF') throw new Error('the last line must be # EOF')
  const families = new Map<string, ParsedFamily>()
  const samples: ParsedSample[] = []
  const seen = new Set<string>()
  let current: ParsedFamily | undefined

  const enter = (name: string): ParsedFamily => {
    if (current?.name === name) return current
    if (families.has(name)) throw new Error(`the family ${name} stands in two parts`)
    current = { name }
    families.set(name, current)
    return current
  }

  for (const line of lines) {
    const described = /^# (TYPE|UNIT|HELP) ([a-zA-Z_:][a-zA-Z0-9_:]*)(?: (.*))?$/.exec(line)
    if (described) {
      const [, what, name, rest = ''] = described
      const family = enter(name!)
      if (samples.some(sample => sample.name.startsWith(name!) && familyOf(sample.name) === name))
        throw new Error(`${line}: it must stand before the samples`)
      const field = what!.toLowerCase() as 'type' | 'unit' | 'help'
      if (family[field] !== undefined) throw new Error(`${line}: it stands twice`)
      if (field === 'unit' && !name!.endsWith(`_${rest}`)) throw new Error(`${line}: the name must end in its unit`)
      family[field] = rest
      continue
    }
    if (line === '' || line.startsWith('#')) throw new Error(`${JSON.stringify(line)} is no line of OpenMetrics`)
    const sample = sampleOf(line)
    if (!current || current.type === undefined) throw new Error(`${line}: its family has no type`)
    const suffix = sample.name.slice(current.name.length)
    if (!sample.name.startsWith(current.name) || !SUFFIXES[current.type]!.includes(suffix))
      throw new Error(`${line}: it doesn't belong to the ${current.type} ${current.name}`)
    if (current.type === 'counter' && !(sample.value >= 0)) throw new Error(`${line}: a counter is at least 0`)
    if (current.type === 'summary') {
      const isQuantile = suffix === ''
      if (isQuantile !== 'quantile' in sample.labels) throw new Error(`${line}: quantiles are for quantiles`)
      if (isQuantile && !(Number(sample.labels.quantile) >= 0 && Number(sample.labels.quantile) <= 1))
        throw new Error(`${line}: a quantile is from 0 to 1`)
      if (sample.value < 0) throw new Error(`${line}: what a summary holds isn't negative`)
    }
    if (seen.has(sample.key)) throw new Error(`${line}: it stands twice`)
    seen.add(sample.key)
    samples.push(sample)
  }
  for (const { name, unit } of families.values()) {
    const said = /_(seconds|bytes|rows|ratio)$/.exec(name)?.[1]
    if (units && said !== unit) throw new Error(`${name} has no unit line`)
  }

  function familyOf(sample: string): string | undefined {
    return [...families.values()].find(({ name, type }) =>
      SUFFIXES[type ?? 'gauge']?.some(suffix => sample === `${name}${suffix}`),
    )?.name
  }

  return {
    samples,
    typeOf: (name: string) => families.get(name)?.type,
    /** The value of the one sample of that name and those labels. */
    valueOf(name: string, labels: Readonly<Record<string, string>>): number {
      const key = keyOf(name, labels)
      const found = samples.find(sample => sample.key === key)
      if (!found)
        throw new Error(`there is no ${key}; of that name: ${samples.filter(s => s.name === name).map(s => s.key)}`)
      return found.value
    },
  }
}

function sampleOf(line: string): ParsedSample {
  const name = NAME.exec(line)?.[0]
  if (name === undefined) throw new Error(`${line}: no name`)
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const label = LABEL_NAME.exec(rest)?.[0]
      if (label === undefined || rest[label.length] !== '=') throw new Error(`${line}: no label`)
      const value = LABEL_VALUE.exec(rest.slice(label.length + 1))
      if (!value) throw new Error(`${line}: no value of ${label}`)
      if (Object.hasOwn(labels, label)) throw new Error(`${line}: ${label} stands twice`)
      labels[label] = value[1]!.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter))
      rest = rest.slice(label.length + 1 + value[0].length)
      if (rest.startsWith(',')) rest = rest.slice(1)
      else if (!rest.startsWith('}')) throw new Error(`${line}: no comma`)
    }
    rest = rest.slice(1)
  }
  const number = /^ (\S+)$/.exec(rest)?.[1]
  if (number === undefined || !NUMBER.test(number)) throw new Error(`${line}: no number`)
  const value = number.endsWith('Inf') ? (number.startsWith('-') ? -1 : 1) * Number.POSITIVE_INFINITY : Number(number)
  return { name, labels, value, key: keyOf(name, labels) }
}

const keyOf = (name: string, labels: Readonly<Record<string, string>>): string =>
  `${name}{${Object.entries(labels)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .sort()}}`
