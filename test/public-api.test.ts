import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeApiReference } from './api-reference.ts'
import { allSnippets, type Snippet } from './docs/snippets.ts'
import { typeErrorsOf } from './docs/type-check.ts'
import { compilerOptions, ENTRIES, publicApi, WASM_TYPES } from './public-api.ts'
import { ROOT, sourceFiles } from './source-files.ts'

// The library is compiled once, for the reference: what it exports is asked of the same program.

const folder = mkdtempSync(join(tmpdir(), 'eventflux-api-'))
const { program: library, complaints } = await makeApiReference(folder)
const api = publicApi(library)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the API reference made from the sources', () => {
  it('is made without a warning', () => {
    expect(complaints).toEqual([])
  })

  it('is of every entry of the package', () => {
    const { entryPoints } = JSON.parse(readFileSync(join(ROOT, 'typedoc.json'), 'utf8')) as { entryPoints: string[] }
    expect(entryPoints).toEqual(Object.values(ENTRIES))
  })

  it('has every public name', () => {
    const headings = new Set(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter(page => page.endsWith('.md'))
        .flatMap(page => readFileSync(join(folder, page), 'utf8').split('\n'))
        .filter(line => line.startsWith('#'))
        .map(line =>
          line
            .replace(/^#+ /, '')
            .replace(/\\/g, '')
            .replace(/[(<].*/, ''),
        ),
    )
    const names = Object.values(api).flatMap(entry => entry.map(({ name }) => name))
    expect(names.filter(name => !headings.has(name))).toEqual([])
  })
})

describe('what is public', () => {
  it.each(Object.keys(ENTRIES) as (keyof typeof ENTRIES)[])('has a doc comment, every name of %s', entry => {
    expect(api[entry].length).toBeGreaterThan(0)
    expect(api[entry].filter(({ doc }) => doc === '').map(({ name, file }) => `${name} (${file})`)).toEqual([])
  })

  it.each(Object.keys(ENTRIES) as (keyof typeof ENTRIES)[])('has an example, every function and class of %s', entry => {
    const callable = api[entry].filter(({ kind }) => kind === 'function' || kind === 'class')
    expect(callable.filter(({ hasExample }) => !hasExample).map(({ name, file }) => `${name} (${file})`)).toEqual([])
  })
})

/** What a reader has seen further up: a schema, pipelines over it, a job. Examples may shadow any of it. */
const WORLD = `
import { EventEmitter } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
const trades = schema({ time: timestamp(), symbol: utf8(), price: f64(), size: i32(), notional: f64(), note: utf8().nullable() })
const stream = pipeline(trades).eventTime('time')
const windowed = stream.keyBy('symbol').window(tumbling('1m'))
const quotes = schema({ time: timestamp(), symbol: utf8(), price: f64(), size: i32().nullable() })
const highs = pipeline(quotes)
  .eventTime('time')
  .keyBy('symbol')
  .window(tumbling('1m'))
  .aggregate(e => ({ high: max(e.price), volume: sum(e.size) }))
const volume = highs
const job = await highs.run()
const orders = stream
declare const socket: WebSocket
`

interface Example {
  readonly path: string
  readonly line: number
  readonly code: string
}

/** The code below each `@example`, with or without a fence. */
function examplesIn(path: string): Example[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/\/\*\*(?:(?!\*\/)[\s\S])*?\*\//g)].flatMap(comment =>
    comment[0]
      .replace(/\s*\*\/$/, '')
      .split(/^\s*\* @example/m)
      .slice(1)
      .map(part => ({
        path,
        line: text.slice(0, comment.index).split('\n').length,
        code: part
          .split(/^\s*\* @\w/m)[0]!
          .replace(/^ *\* ?/gm, '')
          .replace(/^```\w*$/gm, '')
          .trim(),
      })),
  )
}

/** An example as a module: everything public and everything its own file exports is there, and may be shadowed. */
function moduleOf({ path, code }: Example): string {
  const known = new Set<string>()
  const imports = Object.entries(api).map(([entry, names]) => {
    const fresh = names.filter(({ name }) => !known.has(name))
    for (const { name } of fresh) known.add(name)
    return `import { ${fresh.map(({ name, kind }) => (kind === 'type' ? `type ${name}` : name)).join(', ')} } from '${entry}'`
  })
  const own = [...readFileSync(path, 'utf8').matchAll(/^export (?:abstract )?(?:const|class|function) (\w+)/gm)]
    .map(([, name]) => name!)
    .filter(name => !known.has(name))
  if (own.length > 0) imports.push(`import { ${own.join(', ')} } from '${path}'`)
  const foreign = [...code.matchAll(/^import .* from '(?!eventflux)[^']+'.*$/gm)].map(([line]) => line)
  const body = code.replace(/^import .*$/gm, '')
  return [...imports, ...foreign, WORLD, 'export const example = async () => {', body, '}'].join('\n')
}

/** What the compiler has against each example, all in one program. */
function problemsOf(examples: readonly Example[]): string[][] {
  const options = {
    ...compilerOptions(),
    noUnusedLocals: false,
    noUnusedParameters: false,
    verbatimModuleSyntax: false,
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  const files = new Map(examples.map((example, i) => [join(ROOT, `test/example-${i}.ts`), moduleOf(example)]))
  host.readFile = path => files.get(path) ?? readFile(path)
  host.fileExists = path => files.has(path) || fileExists(path)
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const text = files.get(path)
    return text === undefined
      ? (library.getSourceFile(path) ?? getSourceFile(path, languageVersion, ...rest))
      : ts.createSourceFile(path, text, languageVersion)
  }
  const program = ts.createProgram([...files.keys(), WASM_TYPES], options, host)
  return [...files.keys()].map(path =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  )
}

describe('the examples in doc comments', () => {
  // What no entry exports is nobody's to call.
  const isPublic = new Set(Object.values(api).flatMap(names => names.map(({ file }) => file)))
  const examples = sourceFiles('src')
    .filter(path => isPublic.has(relative(ROOT, path)))
    .flatMap(examplesIn)
  let problems: string[][]

  beforeAll(() => {
    problems = problemsOf(examples)
  }, 120_000)

  it('are there', () => {
    expect(examples.length).toBeGreaterThan(50)
  })

  it.each(examples.map(({ path, line }, i) => [`${relative(ROOT, path)}:${line}`, i] as const))(
    'type-check: %s',
    (_, i) => {
      expect(problems[i], examples[i]!.code).toEqual([])
    },
  )
})

describe('code in the documents', () => {
  it('type-checks, each block by itself; what does not is found', () => {
    const wrong: Snippet = {
      at: 'wrong.md:1',
      code: "import { schema, utf8 } from 'eventflux'\nschema({ a: utf8() }).nothing",
      output: undefined,
    }
    const snippets = allSnippets()
    expect(snippets.length).toBeGreaterThan(5)
    expect(typeErrorsOf(ROOT, [...snippets, wrong], library)).toEqual([
      expect.stringMatching(/^wrong\.md:1: .*nothing/),
    ])
  }, 120_000)
})
