import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { postgresClient } from '../../examples/postgres/postgres-client.ts'
import { keyValueStore } from '../../src/index.ts'
import { storeConformance } from '../../src/testing/index.ts'
import { installRuntimes } from '../runtimes/installed.ts'
import { ROOT } from '../source-files.ts'
import { PostgresServer } from './postgres-server.ts'

// A real server, started here: what the example promises, with its processes and the server itself being killed. What
// the example imports is dist/, which `npm test` builds first.

const server = await PostgresServer.start(await installRuntimes())
const pool = new Pool(server.connection)
pool.on('error', () => {})
let folder: string
let file: string

beforeAll(async () => {
  if (!existsSync(join(ROOT, 'dist/index.js'))) throw new Error('dist/ is missing: run `npm run build` first')
  folder = await mkdtemp(join(tmpdir(), 'eventflux-visits-'))
  file = join(folder, 'visits.ndjson')
})
afterAll(async () => {
  await pool.end()
  await server.stop()
  await rm(folder, { recursive: true, force: true })
})

describe('a store of values in PostgreSQL', () => {
  let prefixes = 0
  const open = async () => {
    const prefix = `conformance ${++prefixes}%_/`
    const again = async () => keyValueStore(await postgresClient(pool), { prefix })
    return { store: await again(), again }
  }
  for (const { name, run } of storeConformance({ open })) it(name, run)

  it('changes a value for one of many who compare it at once', async () => {
    const client = await postgresClient(pool)
    let is: Uint8Array | undefined
    for (let round = 0; round < 50; round++) {
      const values = Array.from({ length: 8 }, (_, writer) => Uint8Array.of(round, writer))
      const answers = await Promise.all(values.map(value => client.compareAndSet('contested', is, value)))
      expect(answers.filter(set => set)).toHaveLength(1)
      is = values[answers.indexOf(true)]
      expect(new Uint8Array((await client.get('contested'))!)).toEqual(is)
    }
  })
})

describe('the example that counts visits', () => {
  const visits = Array.from({ length: 12_000 }, (_, i) => ({ time: i * 50, page: `/${(i * 31) % 9}` }))
  beforeAll(() => writeFile(file, visits.map(visit => `${JSON.stringify(visit)}\n`).join('')))
  beforeEach(async () => {
    await pool.query('drop table if exists visits_per_page, eventflux_values')
  })

  function started() {
    const child = execFile(process.execPath, ['--import', 'tsx', 'examples/postgres/count-visits.ts', file], {
      cwd: ROOT,
      env: { ...process.env, ...server.environment },
    })
    let said = ''
    for (const output of [child.stdout!, child.stderr!])
      output.on('data', text => {
        said += text
      })
    return { child, ended: once(child, 'close').then(() => ({ code: child.exitCode, said })) }
  }

  const rowsThere = async (): Promise<number> => {
    const [is] = (await pool.query("select to_regclass('visits_per_page') as there")).rows
    return is.there === null ? 0 : Number((await pool.query('select count(*) from visits_per_page')).rows[0].count)
  }
  const untilRows = async (count: number): Promise<void> => {
    while ((await rowsThere()) < count) await new Promise(resolve => setTimeout(resolve, 10))
  }

  async function expectWindows(): Promise<void> {
    const { rows } = await pool.query('select window_start, page, visits from visits_per_page')
    const counts = new Map<string, number>()
    for (const { time, page } of visits) {
      const key = `${Math.floor(time / 10_000) * 10_000} ${page}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    expect(rows).toHaveLength(counts.size)
    expect(new Map(rows.map(row => [`${row.window_start.getTime()} ${row.page}`, row.visits]))).toEqual(counts)
  }

  it('has every window once, though its process and the server are killed', async () => {
    const total = 540
    for (const share of [0.2, 0.4]) {
      const { child, ended } = started()
      await untilRows(total * share)
      child.kill('SIGKILL')
      await ended
    }
    const { ended } = started()
    await untilRows(total * 0.6)
    await server.crash()
    const failed = await ended
    expect(failed.code).toBe(1)
    await server.begin()

    const last = await started().ended
    expect(last.said).toMatch(/^begun behind [1-9]\d{3,}\n$/)
    expect(last.code).toBe(0)
    await expectWindows()
  })

  it('is for one process at a time: of two that write their checkpoints to one place, one ends', async () => {
    const ends = await Promise.all([started().ended, started().ended])
    expect(ends.map(({ code }) => code).sort()).toEqual([0, 1])
    expect(ends.find(({ code }) => code === 1)!.said).toMatch(/CHECKPOINT_CONFLICT/)
    await expectWindows()
  })
})
