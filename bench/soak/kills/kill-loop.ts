import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import { encodeNdjson } from 'eventflux'
import { bidRows } from '../../../examples/nexmark/generator/bid-stream.ts'
import { BIDS, KILLED, RESULTS } from './files.ts'

export interface KillLoopOptions {
  /** An empty directory. */
  readonly directory: string
  /** The root of the project. */
  readonly root: string
  readonly kills: number
  /** Events of the stream, 46 of 50 of them bids. */
  readonly events: number
  /** Evenly from 0 to below 1. */
  readonly random: () => number
  readonly onRound?: (report: KillReport) => void
}

export interface KillReport {
  readonly kills: number
  /** Runs from the first event to the last, which as many processes as needed took part in. */
  readonly rounds: number
  /** Kills that left rows behind that were written or prepared, and not committed. */
  readonly pending: number
  /** Kills that left a checkpoint behind that was not finished. */
  readonly unfinished: number
  /** Milliseconds of a run that nobody interrupts. */
  readonly uninterruptedMs: number
  readonly seconds: number
}

/** How many of the kills come while a process starts. */
const STARTING = 0.1

/** When a process is killed: so long after its start, or once so many rows have come in. */
interface Killing {
  readonly afterMs?: number
  readonly atRows?: number
}

/** Ends of a life: of a process that was killed, or had done all there was to do. */
type End = 'killed' | 'done'

/**
 * Has processes run the queries and kills them (SIGKILL) at random moments, until the results are complete; and again,
 * from the beginning, until there were as many kills as wanted.
 *
 * @throws Error when results differ from those of a run nobody interrupted, or a process fails by itself.
 */
export async function killLoop(options: KillLoopOptions): Promise<KillReport> {
  const { directory, events, kills: wanted, random } = options
  const started = performance.now()
  const program = await bundle(options.root, directory)
  const rows: string[] = []
  for (const bid of bidRows({ events, eventsPerSecond: 100 })) rows.push(encodeNdjson(bid))
  await writeFile(join(directory, BIDS), rows.join('\n'))

  let uninterruptedMs = Number.POSITIVE_INFINITY
  let expected = ''
  // The first run of a program takes longer than those to come.
  for (const name of ['uninterrupted', 'uninterrupted-again']) {
    const reference = join(directory, name)
    await mkdir(reference)
    const start = performance.now()
    await life(program, reference, undefined)
    uninterruptedMs = Math.min(uninterruptedMs, performance.now() - start)
    expected = await digest(reference)
  }

  let [kills, rounds, pending, unfinished] = [0, 0, 0, 0]
  const report = (): KillReport => {
    const seconds = (performance.now() - started) / 1_000
    return { kills, rounds, pending, unfinished, uninterruptedMs, seconds }
  }
  while (kills < wanted) {
    const round = join(directory, `round-${rounds}`)
    await mkdir(round)
    const killing = (): Killing | undefined => {
      if (kills >= wanted) return undefined
      // By how far it is, and not by the clock: on a busy machine a process takes as long to start as to be through.
      return random() < STARTING
        ? { afterMs: random() * STARTING * uninterruptedMs }
        : { atRows: random() * 0.6 * KILLED.length * rows.length }
    }
    while ((await life(program, round, killing())) === 'killed') {
      kills++
      const left = await readdir(round, { recursive: true })
      if (left.some(name => name.endsWith('.pending'))) pending++
      if (left.some(name => name.endsWith('.unfinished'))) unfinished++
    }
    const found = await digest(round)
    if (found !== expected)
      throw new Error(`after ${kills} kills the results are not those of an uninterrupted run: see ${round}`)
    rounds++
    await rm(round, { recursive: true })
    options.onRound?.(report())
  }
  return report()
}

/** Runs the program until it is done or killed. */
function life(program: string, directory: string, killing: Killing = {}): Promise<End> {
  const child = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'pipe', 'pipe'] })
  const { afterMs, atRows = Number.POSITIVE_INFINITY } = killing
  const timer = afterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), afterMs)
  let told = ''
  child.stdout.on('data', chunk => {
    const lines = (told + chunk).split('\n')
    told = lines.pop()!
    if (Number(lines.at(-1) ?? -1) >= atRows) child.kill('SIGKILL')
  })
  let errors = ''
  child.stderr.on('data', chunk => {
    errors += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (signal === 'SIGKILL') resolve('killed')
      else if (code === 0) resolve('done')
      else reject(new Error(`a process ended with ${code}: ${errors}`))
    })
  })
}

/** Of all results. */
async function digest(directory: string): Promise<string> {
  const hash = createHash('sha256')
  for (const name of KILLED) hash.update(await readFile(join(directory, name + RESULTS))).update('\0')
  return hash.digest('hex')
}

/** One file, so that processes start fast. */
async function bundle(root: string, directory: string): Promise<string> {
  const outfile = join(directory, 'queries.mjs')
  await build({
    entryPoints: [join(root, 'bench/soak/kills/queries.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    alias: { 'eventflux/node': join(root, 'src/node/index.ts'), eventflux: join(root, 'src/index.ts') },
    loader: { '.wasm': 'binary' },
    logLevel: 'error',
  })
  return outfile
}
