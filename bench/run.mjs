// npm run bench -- [--quick] [--only TEXT]… [--json FILE]
//
// Bundles every bench/**/*.bench.ts and runs each of its groups in a process of its own. Prints a table per group and,
// with --json, writes every figure with the machine, the versions and the commit it was measured on, as soon as its group is
// through. --only takes part of a group's name (suite/group); with it and a FILE that exists, the groups that ran replace
// theirs in the file.

import { execFileSync, fork } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { arch, cpus, loadavg, platform, release, totalmem } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { build } from 'esbuild'
import { ResultsFile } from './harness/results-file.mjs'

const benchDirectory = dirname(fileURLToPath(import.meta.url))
const root = dirname(benchDirectory)
/** Inside node_modules, so that what stays external is found. */
const cache = join(root, 'node_modules', '.cache', `eventflux-bench-${process.pid}`)

const { values: options } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
    quick: { type: 'boolean', default: false },
  },
})

mkdirSync(cache, { recursive: true })
// Otherwise what is inside node_modules counts as CommonJS.
writeFileSync(join(cache, 'package.json'), '{ "type": "module" }')
try {
  process.exitCode = await run()
} finally {
  rmSync(cache, { recursive: true, force: true })
}

async function run() {
  if (!existsSync(join(root, 'build', 'plain.wasm'))) throw new Error('build/plain.wasm is missing: npm run build:wasm')
  const heading = { machine: machine(), runtime: runtime(), quick: options.quick }
  const results = options.json === undefined ? undefined : new ResultsFile(resolve(options.json), heading)
  const reports = []
  const broken = []
  // All bundles first: sources that change while it runs don't mix.
  await bundle({ entryPoints: [join(root, 'src/threads/worker.ts')], outfile: join(cache, 'worker.js') })
  const bundles = []
  for (const file of suites()) {
    const suite = relative(benchDirectory, file)
      .replace(/\\/g, '/')
      .replace(/\.bench\.ts$/, '')
    if (options.only.length > 0 && !options.only.some(text => mayContain(suite, text))) continue
    try {
      bundles.push({ suite, file: await bundled(file, suite) })
    } catch (error) {
      broken.push(suite)
      console.error(`${suite}: ${error.message}`)
    }
  }
  for (const { suite, file } of bundles) {
    for (const group of await inChild(file, ['--list'])) {
      const name = `${suite}/${group}`
      if (options.only.length > 0 && !options.only.some(text => name.includes(text))) continue
      try {
        const report = await inChild(file, ['--group', group, ...(options.quick ? ['--quick'] : [])])
        reports.push({ ...report, group: name, loadAverage: loadavg()[0] })
        print(reports.at(-1))
        results?.add({ ...reports.at(-1), measured: circumstances() })
      } catch (error) {
        broken.push(name)
        console.error(`${name}: ${error.message}`)
      }
    }
  }
  if (options.only.length === 0) results?.keepMeasured()
  if (results) console.log(`\n${reports.length} groups written to ${options.json}`)
  const targets = reports.flatMap(({ figures, latencies }) =>
    [...figures, ...latencies].flatMap(each => each.targets ?? []),
  )
  if (targets.length > 0) console.log(`${targets.filter(({ met }) => met).length} of ${targets.length} targets met`)
  if (broken.length > 0) console.error(`Broken: ${broken.join(', ')}`)
  return broken.length > 0 || reports.length === 0 ? 1 : 0
}

/** Whether suite/group can contain the text for some group. */
function mayContain(suite, text) {
  const parts = text.split('/')
  const heads = parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'))
  return parts.length === 1 || suite.includes(text) || heads.some(head => suite.endsWith(head))
}

/** Paths of all suites, in a fixed order. */
function suites() {
  return readdirSync(benchDirectory, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.bench.ts'))
    .sort()
    .map(name => join(benchDirectory, name))
}

/** One file per suite. */
async function bundled(file, suite) {
  const outfile = join(cache, `${suite.replaceAll('/', '-')}.mjs`)
  const contents = `import ${JSON.stringify(file)}\nimport { main } from './harness/group.ts'\nawait main(process.argv.slice(2))\n`
  await bundle({ stdin: { contents, resolveDir: benchDirectory, loader: 'ts' }, outfile })
  return outfile
}

/** The way users get the library: bundled, the kernels' bytes inside. */
function bundle(what) {
  return build({
    ...what,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    loader: { '.wasm': 'base64' },
    // Examples import the package as its users do.
    alias: { eventflux: join(root, 'src/index.ts') },
    external: ['benny', '@assemblyscript/loader'],
    // package.json says that modules have no side effects; suites are all side effect.
    ignoreAnnotations: true,
    logLevel: 'silent',
  })
}

/** Runs a bundle in a process of its own and resolves with what it sends back. */
function inChild(file, args) {
  return new Promise((resolveMessage, reject) => {
    let message
    let output = ''
    const child = fork(file, args, {
      cwd: root,
      execArgv: ['--expose-gc', '--max-old-space-size=8192'],
      silent: true,
    })
    child.stdout.on('data', chunk => (output += chunk))
    child.stderr.on('data', chunk => (output += chunk))
    child.on('message', sent => (message = sent))
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (code === 0 && message !== undefined) resolveMessage(message)
      else reject(new Error(`ended with ${signal ?? code}\n${output.trim()}`))
    })
  })
}

function print({ group, description, figures, latencies }) {
  console.log(`\n${group}: ${description}`)
  if (figures.length > 0) printRates(figures)
  if (latencies.length > 0) printLatencies(latencies)
}

function printLatencies(latencies) {
  const percentiles = ['p50', 'p90', 'p99', 'p999', 'max']
  const table = new Table({
    head: ['case', ...percentiles, 'unit', 'n', 'target'],
    colAligns: ['left', ...percentiles.map(() => 'right'), 'left', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  })
  for (const latency of latencies) {
    table.push([
      latency.name,
      ...percentiles.map(name => digits(latency[name])),
      latency.unit,
      latency.samples,
      (latency.targets ?? []).map(latencyVerdict).join('\n'),
    ])
  }
  console.log(table.toString())
}

function printRates(figures) {
  const table = new Table({
    head: ['case', 'median', 'min … max', 'unit', 'n', 'ratio', 'by CPU', 'against', 'target'],
    colAligns: ['left', 'right', 'right', 'left', 'right', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [], compact: true },
  })
  for (const figure of figures) {
    table.push([
      figure.name,
      digits(figure.median),
      `${digits(figure.min)} … ${digits(figure.max)}`,
      figure.unit,
      figure.samples,
      times(figure.ratio),
      times(figure.cpuRatio),
      figure.baseline ?? '',
      (figure.targets ?? []).map(verdict).join('\n'),
    ])
  }
  console.log(table.toString())
  for (const { name, note } of figures) if (note !== undefined) console.log(`  ${name}: ${note}`)
}

function verdict({ of, atLeast, against, reached, met }) {
  const bound = `${of === 'ratio' ? `${atLeast}x` : atLeast}${against === undefined ? '' : ` ${against}`}`
  return `${met ? 'pass' : 'MISS'} ≥ ${bound}${against === undefined ? '' : ` (${reached.toFixed(2)}x)`}`
}

function latencyVerdict({ of, atMost, above, reached, met }) {
  const held = above === undefined ? '' : ` above ${above} (${digits(reached)})`
  return `${met ? 'pass' : 'MISS'} ${of} ≤ ${atMost}${held}`
}

function times(ratio) {
  return ratio === undefined ? '' : `${ratio.toFixed(2)}x`
}

function digits(value) {
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(2)
}

function circumstances() {
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', 'HEAD'),
    sourcesChanged: git('status', '--porcelain', '--', 'src', 'assembly', 'bench/**/*.ts') !== '',
  }
}

function git(...args) {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return ''
  }
}

function machine() {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: totalmem() / 1024 ** 3,
    platform: `${platform()} ${release()} ${arch()}`,
  }
}

function runtime() {
  const { node, v8 } = process.versions
  const packages = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return { node, v8, eventflux: packages.version, assemblyscript: packages.devDependencies.assemblyscript }
}
