import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { differencesOf } from '../../examples/quickstart/expected-windows.ts'
import type { StatisticsWindow } from '../../examples/quickstart/statistics-window.ts'

// The example imports the package as its users do: what runs here is dist/, which `npm test` and `npm run quickstart`
// build first. Alone, this file tests whatever was built last.
const root = fileURLToPath(new URL('../../', import.meta.url))
const expectedFiles = join(root, 'test/data/expected')
let folder: string

beforeAll(async () => {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('dist/ is missing: run `npm run build` first')
  folder = await mkdtemp(join(tmpdir(), 'quickstart-'))
  await cp(expectedFiles, folder, { recursive: true })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function quickstart(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise(resolve => {
    const child = execFile(
      process.execPath,
      ['--import', 'tsx', 'examples/quickstart.ts', ...args],
      { cwd: root, maxBuffer: 2 ** 24 },
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

/** Writes an expected file anew, its lines changed. */
async function rewrite(name: string, change: (lines: string[]) => string[]): Promise<void> {
  const lines = (await readFile(join(expectedFiles, name), 'utf8')).trim().split('\n')
  await writeFile(join(folder, name), `${change(lines).join('\n')}\n`)
}

describe('the quickstart', () => {
  it('finds every expected window, says so in plain lines, and exits with 0', async () => {
    const { code, stdout, stderr } = await quickstart()
    expect(stderr).toBe('')
    expect(code).toBe(0)
    const summary =
      /^(.+): ([\d,]+) events in [\d.]+ s \([\d,]+ events\/s .*, (wasm|js)\), ([\d,]+) windows, (\d+) diff/gm
    expect([...stdout.matchAll(summary)].map(([, ...found]) => found)).toEqual([
      ['bids per bidder and second', '92,000', 'wasm', '7,569', '0'],
      ['mentions per ticker and hour', '158,631', 'wasm', '13,230', '0'],
    ])
    expect(stdout).not.toContain('DIFFERENT')
    expect(stdout).toContain('│ AAPL │ 2015-02-26 21:00:00 │       4 │       457 │')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a bar or colours would need them
    expect(stdout).not.toMatch(/[\x00-\x09\x0b-\x1f█░]/)
  })

  it('exits with 1 and names the windows that differ', async () => {
    await rewrite('tweets_tumble_1h.csv', ([head, first, second, ...rest]) => [
      head!,
      first!.replace(',457.0,', ',458.0,'),
      second!.replace('AAPL', 'ZZZZ'),
      ...rest,
    ])
    const { code, stdout } = await quickstart('--expected', folder)
    expect(code).toBe(1)
    expect(stdout.split('\n').filter(line => line.startsWith('DIFFERENT'))).toEqual([
      'DIFFERENT  AAPL 2015-02-26 21:00:00 – 2015-02-26 22:00:00: sum is 457, expected 458',
      'DIFFERENT  AAPL 2015-02-26 22:00:00 – 2015-02-26 23:00:00: is not among the expected windows, or came twice',
      'DIFFERENT  ZZZZ 2015-02-26 22:00:00 – 2015-02-26 23:00:00: is missing',
    ])
    expect(stdout).toContain('7,569 windows, 0 differences')
    expect(stdout).toContain('13,230 windows, 3 differences')
  })
})

describe('the comparison of the quickstart', () => {
  const window: StatisticsWindow = {
    key: 'a',
    windowStart: 0,
    windowEnd: 1000,
    count: 3,
    sum: 6,
    min: 1,
    max: 3,
    mean: 2,
    variance: 1,
  }

  it('finds nothing between equal windows, in any order, with means rounded otherwise', () => {
    const other = { ...window, key: 'b', mean: 2 + 1e-9, variance: null }
    expect(differencesOf([window, other], [{ ...other, mean: 2 }, window])).toEqual([])
  })

  it.each([
    [{ count: 4 }, 'count is 3, expected 4'],
    [{ sum: 6.000000001 }, 'sum is 6, expected 6.000000001'],
    [{ min: -1 }, 'min is 1, expected -1'],
    [{ max: 4 }, 'max is 3, expected 4'],
    [{ mean: 2.000000003 }, 'mean is 2, expected 2.000000003'],
    [{ mean: Number.NaN }, 'mean is 2, expected NaN'],
    [{ variance: null }, 'variance is 1, expected null'],
    [{ variance: 1.000000002 }, 'variance is 1, expected 1.000000002'],
  ])('tells %o', (change, words) => {
    const [difference, ...more] = differencesOf([window], [{ ...window, ...change }])
    expect(difference).toBe(`a 1970-01-01 00:00:00 – 1970-01-01 00:00:01: ${words}`)
    expect(more).toEqual([])
  })

  it('tells a window that came twice, and one that is missing', () => {
    expect(differencesOf([window, window], [window])).toHaveLength(1)
    expect(differencesOf([], [window])).toEqual(['a 1970-01-01 00:00:00 – 1970-01-01 00:00:01: is missing'])
  })
})
