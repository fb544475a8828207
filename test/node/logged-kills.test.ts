import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { JavaRandom } from '../../examples/nexmark/generator/java-random.ts'
import { ROOT } from '../source-files.ts'

const KILLS = 5
const LINES_AT_ONCE = 7

let directory = ''
let program = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'eventflux-logged-kills-'))
  program = join(directory, 'logged-life.mjs')
  await build({
    entryPoints: [join(ROOT, 'test/node/logged-life.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    alias: { 'eventflux/node': join(ROOT, 'src/node/index.ts'), eventflux: join(ROOT, 'src/index.ts') },
    loader: { '.wasm': 'binary' },
    logLevel: 'error',
  })
})
afterAll(() => rm(directory, { recursive: true }))

interface Life {
  /** Rows it was sent: those from `from` to below `to`. */
  readonly from: number
  readonly to: number
  /** Rows it said were accepted. */
  readonly accepted: readonly number[]
}

it.each(['each', 'none'])(`rows accepted in processes that are killed come out once (sync: '%s')`, async sync => {
  const random = new JavaRandom()
  random.seed(33)
  const home = join(directory, sync)
  await mkdir(home)
  const lives: Life[] = []
  for (let life = 0; life <= KILLS; life++) {
    // The last is let live until all it was sent is through.
    const most = life === KILLS ? 300 : Number.POSITIVE_INFINITY
    lives.push(await live([program, home, sync], lives.at(-1)?.to ?? 0, most, 20 + random.double() * 250))
  }
  const out = (await readFile(join(home, 'rows.ndjson'), 'utf8')).trimEnd().split('\n')
  const ids = out.map(line => (JSON.parse(line) as { id: number }).id)

  const expected = lives.flatMap(({ from, to, accepted }) => {
    const came = ids.filter(id => id >= from && id < to)
    // Of what a life was sent, all that was accepted came in, and maybe some rows that it died over.
    expect(came.length).toBeGreaterThanOrEqual(accepted.length)
    return Array.from({ length: came.length }, (_, i) => from + i)
  })
  expect(ids).toEqual(expected)
  expect(lives.slice(0, -1).filter(({ accepted }) => accepted.length > 0).length).toBeGreaterThan(0)
  expect(lives.at(-1)!.accepted).toHaveLength(300)
  // The last checkpoint is behind all rows, and the only one that is kept.
  expect(await readdir(join(home, 'log'))).toHaveLength(1)
})

/** Sends numbers to a process until it has `most`, or has run for so many milliseconds since it took the first. */
function live(command: readonly string[], from: number, most: number, killMs: number): Promise<Life> {
  const child: ChildProcess = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'pipe'] })
  let [said, errors, to] = ['', '', from]
  const send = setInterval(() => {
    for (let i = 0; i < LINES_AT_ONCE && to < from + most; i++) child.stdin!.write(`${to++}\n`)
    if (to === from + most) child.stdin!.end()
  }, 2)
  let kill: ReturnType<typeof setTimeout> | undefined
  child.stdin!.on('error', () => {})
  child.stdout!.on('data', chunk => {
    said += chunk
    if (most === Number.POSITIVE_INFINITY) kill ??= setTimeout(() => child.kill('SIGKILL'), killMs)
  })
  child.stderr!.on('data', chunk => {
    errors += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearInterval(send)
      clearTimeout(kill)
      // A line that was cut off says nothing.
      const accepted = said.split('\n').slice(0, -1).map(Number)
      if (signal === 'SIGKILL' || code === 0) resolve({ from, to, accepted })
      else reject(new Error(`a process ended with ${code}: ${errors}`))
    })
  })
}
