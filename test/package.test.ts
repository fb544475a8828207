import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPacked } from './packed-package.ts'
import { ENTRIES } from './public-api.ts'
import { ROOT } from './source-files.ts'

const { project, files: packed } = installPacked()

beforeAll(() => {
  for (const name of ['@types', 'undici-types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name))
})

afterAll(() => rmSync(project, { recursive: true, force: true }))

/** Runs a program in the project; what it printed. */
function run(file: string, program: string): string {
  writeFileSync(join(project, file), program)
  return execFileSync(process.execPath, [file], { cwd: project, encoding: 'utf8', timeout: 60_000 })
}

/** Adds numbers up on the WebAssembly engine, with something of every entry. */
const PROGRAM = `
  const numbers = schema({ x: f64() })
  const clock = new VirtualClock()
  const run = async () => {
    const rows = []
    const job = await pipeline(numbers, { engine: 'wasm' }).filter(e => e.x.gt(1)).run({ sink: rows, clock })
    job.pushColumns({ x: Float64Array.of(1, 2, 3) })
    await job.drain()
    console.log(JSON.stringify([rows, typeof toWritable, typeof openMetricsText]))
  }
  run()
`
const NAMES = {
  eventflux: 'pipeline, schema, f64',
  'eventflux/node': 'toWritable',
  'eventflux/queues': 'SharedEventQueue',
  'eventflux/threads': 'threadSupport',
  'eventflux/arrow': 'arrowSource',
  'eventflux/exporters': 'openMetricsText',
  'eventflux/testing': 'VirtualClock',
  'eventflux/web': 'fromWebSocket',
}
const PRINTED = '[[{"x":2},{"x":3}],"function","function"]\n'

describe('the package', () => {
  it('holds what is built and what is to be read, and nothing else', () => {
    expect(
      packed.filter(
        path =>
          !/^(bin\/eventflux\.js|dist\/.+\.(js|cjs|d\.ts|d\.cts|wasm)|docs\/.+\.(md|svg|png)|[A-Z]+(\.md)?|package\.json)$/.test(
            path,
          ),
      ),
    ).toEqual([])
    expect(packed).toEqual(
      expect.arrayContaining(['README.md', 'LICENSE', 'CHANGELOG.md', 'dist/index.js', 'dist/index.cjs']),
    )
  })

  it('runs as ES modules', () => {
    const imports = Object.entries(NAMES).map(([entry, names]) => `import { ${names} } from '${entry}'`)
    expect(run('program.mjs', `${imports.join('\n')}${PROGRAM}`)).toBe(PRINTED)
  })

  it('runs as CommonJS', () => {
    const requires = Object.entries(NAMES).map(([entry, names]) => `const { ${names} } = require('${entry}')`)
    expect(run('program.cjs', `${requires.join('\n')}${PROGRAM}`)).toBe(PRINTED)
  })

  it('has a command that runs a plan', () => {
    const plan = '{"version":1,"source":[{"name":"x","type":"i32","nullable":false}],"nodes":[]}'
    writeFileSync(join(project, 'plan.json'), plan)
    const program = join(project, 'node_modules/eventflux/bin/eventflux.js')
    expect(execFileSync(program, ['run', 'plan.json'], { cwd: project, input: 'x\n1\n', encoding: 'utf8' })).toBe(
      '{"x":1}\n',
    )
  })

  it('shows each type under one name', () => {
    const declarations = packed
      .filter(path => path.endsWith('.d.ts'))
      .map(path => readFileSync(join(ROOT, path), 'utf8'))
    expect(declarations.join().match(/\b[A-Z]\w*\$\d+\b/g) ?? []).toEqual([])
  })

  it.each(['mts', 'cts'])('has its types for who imports it from .%s', extension => {
    const file = join(project, `types.${extension}`)
    writeFileSync(
      file,
      `import { f64, pipeline, schema, utf8 } from 'eventflux'
       import { toWritable } from 'eventflux/node'
       import { VirtualClock } from 'eventflux/testing'
       const job = pipeline(schema({ x: f64(), name: utf8().nullable() })).run({
         sink: row => { const x: number = row.x; const name: string | null = row.name; void [x, name] },
         clock: new VirtualClock(),
       })
       // @ts-expect-error a number is no text
       void job.then(({ push }) => push({ x: 'one', name: null }))
       void toWritable`,
    )
    const program = ts.createProgram([file], {
      module: ts.ModuleKind.Node16,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      target: ts.ScriptTarget.ES2022,
      lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
      types: ['node'],
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    })
    const errors = ts
      .getPreEmitDiagnostics(program)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
    expect(errors).toEqual([])
  })

  it('does nothing when it is imported but define its names, as "sideEffects" says', () => {
    const seen = run(
      'effects.mjs',
      `const owners = [globalThis, Object.prototype, Array.prototype, Function.prototype, Promise.prototype, Float64Array.prototype]
       const names = () => JSON.stringify(owners.map(owner => Reflect.ownKeys(owner).map(String)))
       const before = names()
       await Promise.all(${JSON.stringify(Object.keys(ENTRIES))}.map(entry => import(entry)))
       console.log(names() === before, process.getActiveResourcesInfo().filter(name => name === 'Timeout').length)`,
    )
    expect(seen).toBe('true 0\n')
  })
})
