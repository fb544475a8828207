import { readFileSync } from 'node:fs'

/** A case of `engines.json`; its shape depends on what it is about. */
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

/** A case of `windows-and-time.json` or `further-windows.json`. */
export interface TimeCase {
  readonly id: string
  readonly area: string
  // biome-ignore lint/suspicious/noExplicitAny: every area has a shape of its own
  readonly input: any
  // biome-ignore lint/suspicious/noExplicitAny: every area has a shape of its own
  readonly expected: any
}

const casesOf = (file: string): unknown[] =>
  (JSON.parse(readFileSync(new URL(`data/${file}`, import.meta.url), 'utf8')) as { cases: unknown[] }).cases

export const engineCases = casesOf('engines.json') as readonly EngineCase[]
export const timeCases = [
  ...casesOf('windows-and-time.json'),
  ...casesOf('further-windows.json'),
] as readonly TimeCase[]

/** The case of a name. */
export function engineCase(name: string): EngineCase {
  const found = engineCases.find(each => each.name === name)
  if (found === undefined) throw new Error(`there is no case "${name}"`)
  return found
}
