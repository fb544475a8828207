import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { MEASURED_DOCUMENTS, readResults, withFigures } from '../docs/figures.ts'
import { createCountersSnapshot } from '../src/metrics/counters.ts'
import { printedBy } from './docs/run-snippet.ts'
import { allSnippets, DOCUMENTS } from './docs/snippets.ts'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const read = (path: string) => readFileSync(join(root, path), 'utf8')

const snippets = allSnippets()

describe('code in the documents', () => {
  it.each(snippets.filter(({ output }) => output !== undefined))('prints what stands below it: $at', async snippet => {
    expect(await printedBy(snippet)).toBe(snippet.output)
  })

  it.each(snippets.filter(({ output }) => output === undefined))('runs: $at', async snippet => {
    await printedBy(snippet)
  })

  it('includes a first pipeline of at most 15 lines that runs', () => {
    const first = snippets.find(({ at }) => at.startsWith('README.md'))!
    expect(first.code.trim().split('\n').length).toBeLessThanOrEqual(15)
    expect(first.output).toBeDefined()
  })
})

describe('the README', () => {
  it('names commands that package.json has', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const all = DOCUMENTS.flatMap(path =>
      [...read(path).matchAll(/\bnpm (?:run )?([a-z][a-z:]*)/g)].map(([, name]) => name!),
    )
    const builtIn = ['ci', 'install']
    expect(all).toEqual(expect.arrayContaining(['ci', 'quickstart', 'test', 'bench']))
    expect(all.filter(name => !builtIn.includes(name) && scripts[name] === undefined)).toEqual([])
  })

  it('shows the two commands as they are typed', () => {
    expect(read('README.md')).toMatch(/^npm ci && npm run quickstart$/m)
    expect(read('README.md')).toMatch(/^npm ci && npm test$/m)
  })
})

describe('measured parts of documents', () => {
  it.each(Object.keys(MEASURED_DOCUMENTS))('%s shows the figures of bench/results/latest.json and no others', path => {
    expect(withFigures(path, read(path), readResults())).toBe(read(path))
  })
})

describe('what the documents refer to is there:', () => {
  it.each(DOCUMENTS)('the links of %s', path => {
    const broken = [...read(path).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)]
      .map(([, link]) => link!)
      .filter(link => !leadsSomewhere(path, link))
    expect(broken).toEqual([])
  })

  it.each(DOCUMENTS)('the files named in %s', path => {
    const named = [...read(path).matchAll(/`((?:src|assembly|test|bench|docs|examples)\/[\w./-]*)`/g)].map(
      ([, name]) => name!,
    )
    expect(named.filter(name => !existsSync(join(root, name)))).toEqual([])
  })

  it('every item of the document, with what shows it', () => {
    const rows = [...read('docs/items.md').matchAll(/^\| (\d+) \|.*\| ([^|]+) \| (built|partly)[^|]*\|$/gm)]
    expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 77 }, (_, i) => i + 1))
    for (const [, number, shown] of rows)
      expect([number, shown]).toEqual([number, expect.stringMatching(/`(test|bench)\//)])
  })

  it('every error code, and no other', () => {
    const codes = [...read('src/errors.ts').matchAll(/maker\('([A-Z_]+)'\)/g)].map(([, code]) => code!)
    expect(codes.length).toBeGreaterThan(10)
    expect(firstCells('docs/errors.md', /^\| `([A-Z_]+)` \|/)).toEqual(codes)
  })

  it('every counter, and no other', () => {
    expect(firstCells('docs/metrics.md', /^\| `counters\.(\w+)` \|/)).toEqual(Object.keys(createCountersSnapshot()))
  })

  it('every item of the document, in order', () => {
    expect(firstCells('docs/items.md', /^\| (\d+) \|/)).toEqual(Array.from({ length: 77 }, (_, i) => String(i + 1)))
  })

  it('every design note, in the list of them', () => {
    const notes = readdirSync(join(root, 'docs/design')).filter(name => /^\d{3}-/.test(name))
    const listed = [...read('docs/design/README.md').matchAll(/\]\((\d{3}-[^)]+)\)/g)].map(([, name]) => name!)
    expect(listed).toEqual(notes.sort())
  })
})

function firstCells(path: string, row: RegExp): string[] {
  return read(path)
    .split('\n')
    .map(line => row.exec(line)?.[1])
    .filter(cell => cell !== undefined)
}

function leadsSomewhere(from: string, link: string): boolean {
  const [file = '', anchor] = link.split('#')
  const target = file === '' ? from : relative(root, resolve(root, dirname(from), file))
  if (!existsSync(join(root, target))) return false
  return anchor === undefined || anchorsOf(read(target)).includes(anchor)
}

/** The anchors of a text's headings, as they are made from them. */
function anchorsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
