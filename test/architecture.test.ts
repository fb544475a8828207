import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { ROOT, sourceFiles } from './source-files.ts'

/** The rooms of `src`, each importing from those before it only. */
const ROOMS = [
  'errors',
  'options',
  'schema',
  'time',
  'expression',
  'wasm',
  'memory',
  'kernels',
  'metrics',
  'checkpoint',
  'connector',
  'plan',
  'operators',
  'runtime',
  'threads',
  'job',
  'run',
  'explain',
  'pipeline',
  'through-stream',
  'packaged',
  'index',
]
/** Rooms that may touch a platform, and the one for tests: nothing inside imports them, they import anything. */
const OUTSIDE = ['node', 'web', 'cli', 'testing', 'exporters', 'arrow', 'queues']
/** An entry beside a room's own files: what it hands on may be of any room, and nothing inside imports it. */
const ENTRY = 'src/threads/index.ts'
const PLATFORM = ['node', 'web', 'cli', 'threads']

const MAX_LINES = 400
const FORBIDDEN_ROOMS = /^(utils?|common|helpers?|misc|shared|lib)$/

interface SourceFile {
  /** Relative to the project. */
  readonly path: string
  readonly text: string
  /** What it imports: paths relative to the project, or names of packages. */
  readonly imports: readonly string[]
}

const files: readonly SourceFile[] = sourceFiles('src').map(absolute => {
  const text = readFileSync(absolute, 'utf8')
  // Examples in doc comments may import anything.
  const code = text.replace(/\/\*\*[\s\S]*?\*\//g, '')
  const specifiers = [...code.matchAll(/(?:^|\s)(?:from|import)\s*\(?\s*(['"])([^'"]+)\1/gm)].map(match => match[2]!)
  const imports = specifiers.map(name =>
    name.startsWith('.') ? relative(ROOT, join(dirname(absolute), name)).replaceAll('\\', '/') : name,
  )
  return { path: relative(ROOT, absolute).replaceAll('\\', '/'), text, imports }
})
const roomOf = (path: string): string => path.split('/')[1]!.replace(/\.ts$/, '')
const inSource = (path: string): boolean => path.startsWith('src/')

describe('the rooms of src', () => {
  it('are the ones in the floor plan', () => {
    const known = new Set([...ROOMS, ...OUTSIDE])
    expect([...new Set(files.map(file => roomOf(file.path)))].filter(room => !known.has(room))).toEqual([])
  })

  it('are told of by the floor plan in their order, and it names no file that is not there', () => {
    const plan = readFileSync(join(ROOT, 'src/README.md'), 'utf8')
    expect(/^errors → [^.]*/m.exec(plan)![0].split(/\s*→\s*/)).toEqual(ROOMS)
    const named = [...plan.matchAll(/`([\w/-]+(?:\/|\.ts))`/g)].map(([, path]) => path!)
    const isThere = (path: string) => files.some(file => file.path.includes(`/${path}`))
    expect(new Set(named.filter(path => !isThere(path)))).toEqual(new Set(['assembly/', 'bin/']))
    const folders = [...ROOMS, ...OUTSIDE].filter(room => files.some(file => file.path.startsWith(`src/${room}/`)))
    expect(folders.filter(room => !named.some(path => path.startsWith(`${room}/`)))).toEqual([])
  })

  it('import one way', () => {
    const violations = files.flatMap(({ path, imports }) =>
      imports.filter(inSource).flatMap(target => {
        const [from, to] = [roomOf(path), roomOf(target)]
        if (path === ENTRY || from === to || OUTSIDE.includes(from)) return []
        return target !== ENTRY && ROOMS.indexOf(to) >= 0 && ROOMS.indexOf(to) < ROOMS.indexOf(from)
          ? []
          : [`${path} → ${target}`]
      }),
    )
    expect(violations).toEqual([])
  })

  it('import nothing from the other directories but the constants both languages share', () => {
    const outside = files.flatMap(({ path, imports }) =>
      imports
        .filter(
          target => target.includes('/') && !inSource(target) && !target.startsWith('#') && !target.startsWith('@'),
        )
        .filter(
          target => !target.startsWith('node:') && target !== 'assembly/abi.ts' && !target.startsWith('eventflux/'),
        )
        .map(target => `${path} → ${target}`),
    )
    expect(outside).toEqual([])
  })

  it('hold no import cycle', () => {
    const graph = new Map(files.map(({ path, imports }) => [path, imports.filter(inSource)]))
    expect([...graph.values()].flat().filter(target => !graph.has(target) && !target.endsWith('.d.ts'))).toEqual([])
    const done = new Set<string>()
    const cycles: string[] = []
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
      if (done.has(path) || trail.includes(path)) return
      for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
      done.add(path)
    }
    for (const path of graph.keys()) visit(path, [])
    expect(cycles).toEqual([])
  })

  it('depend on one package; eventflux/arrow has its peer, and the command line bundles what it shows tables with', () => {
    const packagesOf = (isOfRoom: (room: string) => boolean): string[] => {
      const names = files
        .filter(({ path }) => isOfRoom(roomOf(path)))
        .flatMap(({ imports }) => imports.filter(name => /^[@a-z]/.test(name) && !/^(src|assembly)\//.test(name)))
      return [...new Set(names)].filter(name => !name.startsWith('node:')).sort()
    }
    expect(packagesOf(room => room !== 'cli' && room !== 'arrow')).toEqual(['@assemblyscript/loader'])
    expect(packagesOf(room => room === 'arrow')).toEqual(['apache-arrow'])
    expect(packagesOf(room => room === 'cli')).toEqual(['cli-progress', 'cli-table3', 'eventflux', 'eventflux/node'])
  })
})

describe('platforms', () => {
  /** Globals of one platform or another. */
  const GLOBALS = new Set([
    ...['process', 'Buffer', 'require', 'module', '__dirname', '__filename', 'global', 'setImmediate'],
    ...['Worker', 'SharedWorker', 'window', 'document', 'self', 'navigator', 'postMessage', 'importScripts'],
  ])
  const core = files.filter(({ path }) => !PLATFORM.includes(roomOf(path)))

  it('are imported by their own rooms only', () => {
    expect(
      core.filter(({ imports }) => imports.some(name => name.startsWith('node:'))).map(({ path }) => path),
    ).toEqual([])
  })

  it('lend no global to the core', () => {
    const uses = core.flatMap(({ path, text }) => globalsIn(path, text, GLOBALS).map(name => `${path}: ${name}`))
    expect(uses).toEqual([])
  })

  it('would be noticed by the check above', () => {
    const text = 'const a = process.env\nexport const b = { process: Buffer.from([]), c: a.process, setImmediate() {} }'
    expect(globalsIn('x.ts', text, GLOBALS)).toEqual(['process', 'Buffer'])
    expect(globalsIn('x.ts', 'export const f = (window: number) => window\nf({ process })', GLOBALS)).toEqual([
      'process',
    ])
  })

  it('need not allow code from text: it is generated in one place, which asks first', () => {
    const code = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    expect(files.filter(({ text }) => /\beval\s*\(/.test(code(text))).map(({ path }) => path)).toEqual([])
    expect(files.filter(({ text }) => /\bFunction\s*\(/.test(code(text))).map(({ path }) => path)).toEqual([
      'src/memory/code-generation.ts',
    ])
  })
})

/** Globals of `names` a file refers to, without variables and types of that name that it declares itself. */
function globalsIn(path: string, text: string, names: ReadonlySet<string>): string[] {
  const used = new Set<string>()
  const declared = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && names.has(node.text)) {
      const { parent } = node
      const isName = 'name' in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent)
      if (!isName) used.add(node.text)
      else if (!isMember(parent)) declared.add(node.text)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true))
  return [...used].filter(name => !declared.has(name))
}

/** Whether a named node is reached through an object, so that its name declares nothing. */
const isMember = (node: ts.Node): boolean =>
  ts.isPropertyAccessExpression(node) ||
  ts.isObjectLiteralElement(node) ||
  ts.isClassElement(node) ||
  ts.isTypeElement(node)

describe('files', () => {
  const all = ['src', 'assembly', 'test', 'bench', 'examples'].flatMap(sourceFiles)

  it(`have at most ${MAX_LINES} lines`, () => {
    const long = all
      .map(path => ({ path: relative(ROOT, path), lines: readFileSync(path, 'utf8').trimEnd().split('\n').length }))
      .filter(({ lines }) => lines > MAX_LINES)
    expect(long).toEqual([])
  })

  it('are named by nouns in kebab case, and no room is a drawer', () => {
    const names = all.map(path => relative(ROOT, path).replaceAll('\\', '/'))
    expect(names.filter(name => !/^[a-z0-9./-]+$/.test(name))).toEqual([])
    expect(names.filter(name => name.split(/[/.]/).some(part => FORBIDDEN_ROOMS.test(part)))).toEqual([])
  })

  it('export nothing by default in src', () => {
    expect(files.filter(({ text }) => /^export default\b/m.test(text)).map(({ path }) => path)).toEqual([])
  })
})
