import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../source-files.ts'

/** Every text of the project, by its path from the root. */
export const DOCUMENTS: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'src/README.md',
  'assembly/README.md',
  'bench/README.md',
  'bench/soak/README.md',
  'examples/nexmark/README.md',
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name.replaceAll('\\', '/')}`),
]

/** A block of TypeScript in a document. */
export interface Snippet {
  /** Where it begins: `README.md:31`. */
  readonly at: string
  readonly code: string
  /** What it prints: the `text` block right below it, if there is one. */
  readonly output: string | undefined
}

/** The blocks marked `ts` of a document. */
export function snippetsOf(path: string, text: string): Snippet[] {
  const blocks = text.matchAll(/^```ts\n(.*?)^```$(?:\n\n```text\n(.*?)^```$)?/gms)
  return [...blocks].map(({ index, 1: code, 2: output }) => ({
    at: `${path}:${text.slice(0, index).split('\n').length + 1}`,
    code: code!,
    output,
  }))
}

/** The blocks of all documents. */
export const allSnippets = (): Snippet[] =>
  DOCUMENTS.flatMap(path => snippetsOf(path, readFileSync(join(ROOT, path), 'utf8')))
