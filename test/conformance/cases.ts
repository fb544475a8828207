import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type SiddhiCase, withAllRows } from './siddhi-cases.ts'

/** A case of another engine's test, in the shape of that test. */
export interface EngineCase {
  readonly name: string
  readonly engine: string
  readonly semantics: string
  // biome-ignore lint/suspicious/noExplicitAny: every case has a shape of its own
  readonly input: any
  // biome-ignore lint/suspicious/noExplicitAny: every case has a shape of its own
  readonly expected: any
  readonly dropped?: readonly number[]
}

/** A case told by its area. */
export interface TimeCase {
  readonly id: string
  readonly area: string
  // biome-ignore lint/suspicious/noExplicitAny: every area has a shape of its own
  readonly input: any
  // biome-ignore lint/suspicious/noExplicitAny: every area has a shape of its own
  readonly expected: any
}

// biome-ignore lint/suspicious/noExplicitAny: of one of the forms above
type AnyCase = any

/** The files of data beside this one, and those of the directory that `CONFORMANCE_CASES` names. */
const DIRECTORIES = [fileURLToPath(new URL('data', import.meta.url)), process.env.CONFORMANCE_CASES ?? '']

/** All cases of all files, once each; a case says itself of which form it is. */
const all: readonly AnyCase[] = (() => {
  const found = new Map<string, AnyCase>()
  for (const directory of DIRECTORIES.filter(name => name !== ''))
    for (const file of readdirSync(directory).filter(name => name.endsWith('.json')))
      for (const given of casesOf(join(directory, file))) {
        const { name, id = name, query, input, expected } = given
        const key = JSON.stringify([id, query, input, expected])
        if (!found.has(key)) found.set(key, given)
      }
  return [...found.values()]
})()

function casesOf(file: string): readonly AnyCase[] {
  const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: readonly AnyCase[] }
  return cases.map((given, place) => {
    const { input } = given
    const nearest = [...cases.slice(0, place).reverse(), ...cases.slice(place + 1)]
    // Some say in words that their input is that of a case they name, or their steps those of the last case like theirs.
    if (typeof input === 'string') {
      const [, beginning = ''] = /'([^'…]*)/.exec(input) ?? []
      return { ...given, input: nearest.find(({ name }) => name.startsWith(beginning))?.input }
    }
    if (typeof input?.steps !== 'string') return given
    const isLike = (other: AnyCase) => String(Object.keys(other)) === String(Object.keys(input))
    const steps = nearest.find(other => isLike(other.input) && typeof other.input.steps !== 'string')?.input.steps
    return { ...given, input: { ...input, steps } }
  })
}

export const siddhiCases: readonly SiddhiCase[] = all.filter(given => 'query' in given).map(withAllRows)
export const timeCases = all.filter(given => !('query' in given) && 'area' in given) as readonly TimeCase[]
export const engineCases = all.filter(given => !('query' in given || 'area' in given)) as readonly EngineCase[]
