import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify, stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { ROOT } from '../source-files.ts'

// What a person at a terminal sees: the command runs on a pseudo-terminal, which `script` of util-linux opens.

const run = promisify(execFile)
const PROGRAM = join(ROOT, 'bin/eventflux.js')
const ROWS = 60_000
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
let folder: string

beforeAll(async () => {
  if (!existsSync(PROGRAM)) throw new Error('bin/ is missing: run `npm run build` first')
  folder = await mkdtemp(join(tmpdir(), 'eventflux-terminal-'))
  const plan = pipeline(schema({ time: timestamp(), sensor: utf8(), value: f64() }))
    .eventTime('time')
    .keyBy('sensor')
    .window(tumbling('10m'))
    .aggregate(e => ({ total: sum(e.value) }))
  await writeFile(join(folder, 'plan.json'), JSON.stringify(plan))
  const lines = Array.from({ length: ROWS }, (_, i) => `${i * 20},s${i % 2},1\n`)
  await writeFile(join(folder, 'events.csv'), `time,sensor,value\n${lines.join('')}`)
})
afterAll(() => rm(folder, { recursive: true }))

/** What came onto the terminal. */
async function onTerminal(...args: string[]): Promise<string> {
  const command = [process.execPath, PROGRAM, ...args].map(arg => `'${arg}'`).join(' ')
  const script = run(
    'script',
    ['--quiet', '--return', '--flush', '--command', `stty cols 120; ${command}`, '/dev/null'],
    {
      cwd: folder,
      env: { ...process.env, TERM: 'xterm-256color' },
    },
  )
  script.child.stdin!.end()
  return (await script).stdout
}

describe('on a terminal', () => {
  it('a bar shows how much of the file is read, and is gone when it is done', async () => {
    const shown = await onTerminal('run', 'plan.json', 'events.csv', '--output', 'totals.csv')
    expect(shown.indexOf(HIDE_CURSOR)).toBeGreaterThanOrEqual(0)
    expect(shown.lastIndexOf(SHOW_CURSOR)).toBeGreaterThan(shown.lastIndexOf(HIDE_CURSOR))
    const bars = [
      ...stripVTControlCharacters(shown).matchAll(/([█░]+) (\d+)% \| ([\d,]+) rows \| ([\d,]+) rows\/s \| .*?ETA/g),
    ]
    const shares = bars.map(([, , share]) => Number(share))
    expect(shares[0]).toBe(0)
    expect(shares.at(-1)).toBe(100)
    expect([...shares].sort((a, b) => a - b)).toEqual(shares)
    expect(bars[0]![1]).toMatch(/^░+$/)
    expect(bars.at(-1)![1]).toMatch(/^█+$/)
    expect(bars.at(-1)![3]).toBe('60,000')
    expect(stripVTControlCharacters(shown.slice(shown.lastIndexOf(SHOW_CURSOR))).trim()).toBe('')
    const [header, ...rows] = (await readFile(join(folder, 'totals.csv'), 'utf8')).trim().split('\n')
    expect(header).toBe('windowStart,windowEnd,sensor,total')
    expect(rows.map(row => Number(row.split(',')[3])).reduce((all, each) => all + each)).toBe(ROWS)
  })

  it('rows come as a table, below the bar', async () => {
    const shown = stripVTControlCharacters(await onTerminal('run', 'plan.json', 'events.csv'))
    const table = shown.slice(shown.indexOf('┌')).split(/\r?\n/)
    expect(table[1]!.split('│').map(cell => cell.trim())).toEqual([
      '',
      'windowStart',
      'windowEnd',
      'sensor',
      'total',
      '',
    ])
    expect(table.filter(line => /│ s[01] +│ 15,?000 +│/.test(line))).toHaveLength(4)
  })

  it('--quiet shows neither bar nor summary', async () => {
    expect(await onTerminal('run', 'plan.json', 'events.csv', '--quiet', '--output', 'quiet.csv')).toBe('')
  })
})
