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
