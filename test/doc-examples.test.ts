import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, it } from 'vitest'
import { compilerOptions, publicApi, WASM_TYPES } from './public-api.ts'
import { ROOT, sourceFiles } from './source-files.ts'

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
function moduleOf({ path, code }: Example, api: ReturnType<typeof publicApi>): string {
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
function problemsOf(examples: readonly Example[], api: ReturnType<typeof publicApi>): string[][] {
  const options = {
    ...compilerOptions(),
    noUnusedLocals: false,
    noUnusedParameters: false,
    verbatimModuleSyntax: false,
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  const files = new Map(examples.map((example, i) => [join(ROOT, `test/example-${i}.ts`), moduleOf(example, api)]))
  host.readFile = path => files.get(path) ?? readFile(path)
  host.fileExists = path => files.has(path) || fileExists(path)
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const text = files.get(path)
    return text === undefined
      ? getSourceFile(path, languageVersion, ...rest)
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
  const api = publicApi()
  // What no entry exports is nobody's to call.
  const isPublic = new Set(Object.values(api).flatMap(names => names.map(({ file }) => file)))
  const examples = sourceFiles('src')
    .filter(path => isPublic.has(relative(ROOT, path)))
    .flatMap(examplesIn)
  let problems: string[][]

  beforeAll(() => {
    problems = problemsOf(examples, api)
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
