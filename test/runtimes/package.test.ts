import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { snippetsOf } from '../docs/snippets.ts'
import { ROOT } from '../source-files.ts'
import { installPacked } from './packed-package.ts'

const { project, files: packed } = installPacked()

beforeAll(() => {
  for (const name of ['@types', 'undici-types', 'apache-arrow', '@uwdata', 'flatbuffers'])
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
  'eventflux/slim': 'createRuntime',
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

  it.each(['mjs', 'cjs'])('calls every class by the name it is exported by: %s', ending => {
    const load = ending === 'mjs' ? 'await import' : 'require'
    const seen = run(
      `names.${ending}`,
      `const classes = async entry =>
         Object.entries(${load}(entry)).filter(([, of]) => typeof of === 'function' && /^class\\b/.test(String(of)))
       ;(async () => {
         const all = (await Promise.all(${JSON.stringify(Object.keys(NAMES))}.map(classes))).flat()
         console.log(all.length > 20, JSON.stringify(all.filter(([name, of]) => of.name !== name).map(([name, of]) => [name, of.name])))
       })()`,
    )
    expect(seen).toBe('true []\n')
  })

  it('has the kernels as files, for who brings them along: eventflux/slim runs on what it is given', () => {
    const seen = run(
      'kernels.mjs',
      `import { readFileSync } from 'node:fs'
       import { createRequire } from 'node:module'
       import { createRuntime, f64, pipeline, schema } from 'eventflux/slim'
       const require = createRequire(import.meta.url)
       const [plain, shared] = ['plain', 'shared'].map(name => require.resolve('eventflux/' + name + '.wasm'))
       const runtime = await createRuntime({ module: readFileSync(plain), engine: 'wasm' })
       const rows = []
       const job = await pipeline(schema({ x: f64() })).filter(e => e.x.gt(1)).run({ runtime, sink: rows })
       await job.pushMany([{ x: 1 }, { x: 2 }])
       await job.drain()
       console.log(job.engine, JSON.stringify(rows), WebAssembly.validate(readFileSync(shared)))`,
    )
    expect(seen).toBe('wasm [{"x":2}] true\n')
  })

  it('has the command of the documents, whose lines run as they stand there', () => {
    const document = (path: string) => readFileSync(join(ROOT, path), 'utf8')
    const [plan] = snippetsOf('docs/cli.md', document('docs/cli.md'))
    writeFileSync(join(project, 'q5.json'), run('q5.mjs', plan!.code))
    const bids = [5, 7, 7].map((auction, i) => ({ auction, dateTime: 10_000 + i }))
    const rows = bids.map(({ auction, dateTime }) => `${dateTime},none,${auction}\n`)
    writeFileSync(join(project, 'bids.csv'), `dateTime,channel,auction\n${rows.join('')}`)
    for (const [i, bid] of bids.entries())
      writeFileSync(join(project, `bids-${i}.ndjson.gz`), gzipSync(`${JSON.stringify(bid)}\n`))
    mkdirSync(join(project, 'node_modules/.bin'))
    symlinkSync('../eventflux/bin/eventflux.js', join(project, 'node_modules/.bin/eventflux'))

    const lines = document('README.md').match(/^.*npx eventflux .*$/gm)!
    const printed = lines.map(line => execFileSync('sh', ['-c', line], { cwd: project, encoding: 'utf8' }))
    const starts = [2_000, 4_000, 6_000, 8_000, 10_000]
    expect(printed).toEqual([
      starts.map(at => `{"windowStart":${at},"windowEnd":${at + 10_000},"auction":7,"bids":2}\n`).join(''),
      '',
    ])
    expect(readFileSync(join(project, 'windows.csv'), 'utf8')).toBe(
      `windowStart,windowEnd,auction,bids\n${starts.map(at => `${at},${at + 10_000},7,2\n`).join('')}`,
    )
  })

  it('shows each type under one name', () => {
    const declarations = packed
      .filter(path => path.endsWith('.d.ts'))
      .map(path => readFileSync(join(ROOT, path), 'utf8'))
    expect(declarations.join().match(/\b[A-Z]\w*\$\d+\b/g) ?? []).toEqual([])
  })

  const all = { ...NAMES, eventflux: 'f64, pipeline, schema, utf8' }
  // The types of Apache Arrow need those of a browser.
  const { 'eventflux/arrow': _, ...ofNode } = all
  it.each([
    ['NodeNext', ['mts', 'cts'], 'ES2023,DOM,DOM.Iterable,DOM.AsyncIterable', all],
    ['Bundler', ['ts'], 'ES2023,DOM,DOM.Iterable,DOM.AsyncIterable', all],
    ['NodeNext', ['mts', 'cts'], 'ES2023', ofNode],
  ])(
    'has its types, and no declaration with an error in it, for who resolves it as %s does (%s), with the libraries %s',
    (resolution, extensions, libraries, names) => {
      const program = `${Object.entries(names)
        .map(([entry, names]) => `import { ${names} } from '${entry}'`)
        .join('\n')}
      const job = pipeline(schema({ x: f64(), name: utf8().nullable() })).run({
        sink: row => { const x: number = row.x; const name: string | null = row.name; void [x, name] },
        clock: new VirtualClock(),
      })
      // @ts-expect-error a number is no text
      void job.then(({ push }) => push({ x: 'one', name: null }))
      void [${Object.values(names)}]`
      const files = extensions.map(extension => `types.${extension}`)
      for (const file of files) writeFileSync(join(project, file), program)
      const options = [
        ['--module', resolution === 'Bundler' ? 'ESNext' : resolution, '--moduleResolution', resolution],
        ['--target', 'ES2022', '--lib', libraries, '--types', 'node'],
        ['--strict', '--noEmit', '--skipLibCheck', 'false', '--skipDefaultLibCheck'],
      ].flat()
      const compiler = join(ROOT, 'node_modules/typescript-7/bin/tsc')
      const { status, stdout } = spawnSync(process.execPath, [compiler, ...options, ...files], {
        cwd: project,
        encoding: 'utf8',
      })
      expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
    },
  )

  it('does nothing when it is imported but define its names, as "sideEffects" says', () => {
    const seen = run(
      'effects.mjs',
      `const owners = [globalThis, Object.prototype, Array.prototype, Function.prototype, Promise.prototype, Float64Array.prototype]
       const names = () => JSON.stringify(owners.map(owner => Reflect.ownKeys(owner).map(String)))
       const before = names()
       await Promise.all(${JSON.stringify(Object.keys(NAMES))}.map(entry => import(entry)))
       console.log(names() === before, process.getActiveResourcesInfo().filter(name => name === 'Timeout').length)`,
    )
    expect(seen).toBe('true 0\n')
  })
})
