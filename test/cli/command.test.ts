import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { ROOT } from '../source-files.ts'

// What runs here is bin/, which `npm test` builds first. Alone, this file tests whatever was built last.
const PROGRAM = join(ROOT, 'bin/eventflux.js')
let folder: string
const at = (name: string) => join(folder, name)

interface Event {
  readonly time: number
  readonly sensor: string
  readonly value: number
}
const events: Event[] = Array.from({ length: 5000 }, (_, i) => ({
  time: i * 7,
  sensor: `s${(i * 31) % 5}`,
  value: (i * 17) % 101,
}))
const csv = `time,sensor,value\n${events.map(({ time, sensor, value }) => `${time},${sensor},${value}\n`).join('')}`
const ndjson = events.map(event => `${JSON.stringify(event)}\n`).join('')

/** The sum of every sensor and second, by hand. */
function totals(of: readonly Event[]) {
  const sums = new Map<string, { windowStart: number; windowEnd: number; sensor: string; total: number }>()
  for (const { time, sensor, value } of of) {
    const windowStart = Math.floor(time / 1000) * 1000
    const key = `${windowStart} ${sensor}`
    const row = sums.get(key) ?? { windowStart, windowEnd: windowStart + 1000, sensor, total: 0 }
    sums.set(key, { ...row, total: row.total + value })
  }
  return [...sums.values()].sort(byWindow)
}
const byWindow = (a: { windowStart: number; sensor: string }, b: { windowStart: number; sensor: string }): number =>
  a.windowStart - b.windowStart || (a.sensor < b.sensor ? -1 : 1)
const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))

function start(...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [PROGRAM, ...args], { cwd: folder })
}

interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

async function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    out += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    err += text
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, out, err }
}

function eventflux(args: string[], input: string | Uint8Array = ''): Promise<Outcome> {
  const child = start(...args)
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  return outcomeOf(child)
}

beforeAll(async () => {
  if (!existsSync(PROGRAM)) throw new Error('bin/ is missing: run `npm run build` first')
  folder = await mkdtemp(join(tmpdir(), 'eventflux-cli-'))
  const plan = pipeline(schema({ time: timestamp(), sensor: utf8(), value: f64() }))
    .eventTime('time')
    .keyBy('sensor')
    .window(tumbling('1s'))
    .aggregate(e => ({ total: sum(e.value) }))
  await writeFile(at('plan.json'), JSON.stringify(plan))
  await writeFile(
    at('plan.mjs'),
    `import { f64, pipeline, schema } from '${join(ROOT, 'dist/index.js')}'
     export const pipelineOf = config => pipeline(schema({ value: f64() }), config).filter(e => e.value.gt(99))
     export default pipelineOf({ engine: 'js' })`,
  )
  await writeFile(at('no-plan.json'), '{"columns": []}')
  await writeFile(at('events.csv'), csv)
  await writeFile(at('events.ndjson.gz'), gzipSync(ndjson))
})
afterAll(() => rm(folder, { recursive: true }))

describe('eventflux run', () => {
  it('takes CSV from the standard input and gives NDJSON', async () => {
    const { code, out, err } = await eventflux(['run', 'plan.json'], csv)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(rowsOf(out).sort(byWindow)).toEqual(totals(events))
  })

  it('tells NDJSON from CSV, and what is compressed, by what the input begins with', async () => {
    const [plain, compressed] = await Promise.all([
      eventflux(['run', 'plan.json'], `\n${ndjson}`),
      eventflux(['run', 'plan.json', '-'], gzipSync(csv)),
    ])
    expect(rowsOf(plain.out).sort(byWindow)).toEqual(totals(events))
    expect(rowsOf(compressed.out).sort(byWindow)).toEqual(totals(events))
  })

  it('reads files one after the other, and writes one by its name', async () => {
    await writeFile(at('later.csv'), 'value,time,sensor\n5,50000,late\n')
    const { code, out } = await eventflux(['run', 'plan.json', 'events.ndjson.gz', 'later.csv', '-o', 'out.csv.gz'])
    expect({ code, out }).toEqual({ code: 0, out: '' })
    const [header, ...lines] = gunzipSync(await readFile(at('out.csv.gz')))
      .toString()
      .trim()
      .split('\n')
    expect(header).toBe('windowStart,windowEnd,sensor,total')
    expect(lines).toHaveLength(totals(events).length + 1)
    expect(lines.at(-1)).toBe('50000,51000,late,5')
  })

  it('runs the pipeline of a module, and shows a table to people', async () => {
    const { code, out } = await eventflux(['run', 'plan.mjs', '-f', 'table'], 'value\n99\n100.25\n')
    expect(code).toBe(0)
    expect(out).toMatch(/│\s+value │\n│\s*100.25 │/)
  })

  it('shows what a terminal would obey as text', async () => {
    const plan = pipeline(schema({ text: utf8() }))
    await writeFile(at('text.json'), JSON.stringify(plan))
    const input = `${JSON.stringify({ text: 'a\u001b[2J\n\u009b1mß' })}\n`
    const { out } = await eventflux(['run', 'text.json', '-f', 'table'], input)
    expect(out.split('\n')[2]).toBe('│ a\\u001b[2J\\u000a\\u009b1mß │')
  })

  it('gives nothing, and no complaint, for no input', async () => {
    expect(await eventflux(['run', 'plan.json'])).toEqual({ code: 0, out: '', err: '' })
  })

  it('takes and gives fields between tabs', async () => {
    const { code } = await eventflux(
      ['run', 'plan.json', '--delimiter', '\\t', '-o', 'out.tsv'],
      csv.replaceAll(',', '\t'),
    )
    expect(code).toBe(0)
    const [header, ...lines] = (await readFile(at('out.tsv'), 'utf8')).trim().split('\n')
    expect(header).toBe('windowStart\twindowEnd\tsensor\ttotal')
    expect(lines.sort()).toEqual(
      totals(events)
        .map(row => Object.values(row).join('\t'))
        .sort(),
    )
  })

  it('explains a plan without reading anything', async () => {
    const { code, out } = await eventflux(['run', 'plan.json', '--explain', 'not-there.csv'])
    expect(code).toBe(0)
    expect(out).toMatch(/^source .*\n.*eventTime/)
  })

  it('tells at the end what became of the rows, when asked', async () => {
    const { err } = await eventflux(['run', 'plan.json', 'events.csv', '--metrics'])
    expect(err).toMatch(/accepted +5,000\n/)
    expect(err).toMatch(/│ tumbling window/)
  })
})

describe('late rows', () => {
  const input = 'time,sensor,value\n5000,a,1\n10,a,2\n20,a,4\n'

  it('are not lost in silence, unless that is asked for', async () => {
    const [told, quiet] = await Promise.all([
      eventflux(['run', 'plan.json'], input),
      eventflux(['run', 'plan.json', '--quiet'], input),
    ])
    expect(told).toMatchObject({ code: 0, err: expect.stringMatching(/^eventflux: 2 late rows of 3 were dropped/) })
    expect(rowsOf(told.out)).toEqual([{ windowStart: 5000, windowEnd: 6000, sensor: 'a', total: 1 }])
    expect(quiet).toEqual({ ...told, err: '' })
  })
})

describe('a plan', () => {
  const input = 'time,sensor,value\n5000,a,1\n10,a,2\n20,b,4\n'
  const events = pipeline(schema({ time: timestamp(), sensor: utf8(), value: f64() }))

  it('needs a file for each of its branches', async () => {
    const plan = events
      .eventTime('time')
      .window(tumbling('1s', { lateTo: 'late' }))
      .aggregate(e => ({ total: sum(e.value) }))
    await writeFile(at('branches.json'), JSON.stringify(plan))
    const [without, given] = await Promise.all([
      eventflux(['run', 'branches.json'], input),
      eventflux(['run', 'branches.json', '--branch', 'late=late.csv'], input),
    ])
    const windows = [{ windowStart: 5000, windowEnd: 6000, total: 1 }]
    expect(without).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--branch NAME=FILE') })
    expect([given.code, given.err, rowsOf(given.out)]).toEqual([0, '', windows])
    expect(await readFile(at('late.csv'), 'utf8')).toBe('time,sensor,value\n10,a,2\n20,b,4\n')
  })

  it('has the modules it names loaded only where that is allowed', async () => {
    await writeFile(at('rules.mjs'), 'export const isA = ({ sensor }) => sensor === "a"')
    const plan = events.filterRows({ module: pathToFileURL(at('rules.mjs')).href, export: 'isA' })
    await writeFile(at('rules.json'), JSON.stringify(plan))
    const [refused, allowed] = await Promise.all([
      eventflux(['run', 'rules.json'], input),
      eventflux(['run', 'rules.json', '--allow-modules', '--engine', 'js'], input),
    ])
    expect(refused).toMatchObject({ code: 2, out: '', err: expect.stringContaining('rules.json') })
    expect(rowsOf(allowed.out).map(({ value }) => value)).toEqual([1, 2])
  })

  it('takes times in ISO 8601, and files whose names say nothing, where that is said', async () => {
    await writeFile(at('events.txt'), 'time,sensor,value\n1970-01-01T00:00:05Z,a,1\n')
    const { out, err } = await eventflux(['run', 'plan.json', 'events.txt', '-i', 'csv', '--timestamps', 'iso'])
    expect({ rows: rowsOf(out), err }).toEqual({
      rows: [{ windowStart: 5000, windowEnd: 6000, sensor: 'a', total: 1 }],
      err: '',
    })
  })
})

describe('broken lines', () => {
  const input = 'time,sensor,value\n0,a,1\nnonsense\n10,a,2\n20,a,x\n'

  it('end the run by default, with their number', async () => {
    const { code, err } = await eventflux(['run', 'plan.json'], input)
    expect(code).toBe(1)
    expect(err).toMatch(/^eventflux: line 3 .*--on-error skip/)
  })

  it('are passed over and counted with --on-error skip', async () => {
    const { code, out, err } = await eventflux(['run', 'plan.json', '--on-error', 'skip'], input)
    expect(code).toBe(0)
    expect(rowsOf(out)).toEqual([{ windowStart: 0, windowEnd: 1000, sensor: 'a', total: 3 }])
    expect(err).toMatch(/^eventflux: 2 broken lines were passed over; the first: line 3 /)
  })

  it.each([
    ['time;sensor;value\n0;a;1\n', [], "(--delimiter ';' may be what is missing)"],
    ['time\tsensor\tvalue\n0\ta\t1\n', [], "(--delimiter '\\t' may be what is missing)"],
    ['time,value\n0,1\n', [], 'there is "time", "value"\n'],
    ['{"time":"2024-01-01T00:00:00Z","sensor":"a","value":1}\n', [], '(--timestamps iso reads ISO 8601)'],
    ['{"time":"soon","sensor":"a","value":1}\n', [], '(--on-error skip goes on with the next line)'],
    ['[{"time":0,"sensor":"a","value":1}]\n', [], "jq -c '.[]' makes NDJSON of one"],
  ])('say what may be meant: %j', async (text, args, hint) => {
    const { code, out, err } = await eventflux(['run', 'plan.json', ...args], text)
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toContain(hint)
  })

  it('go to a file with --on-error FILE', async () => {
    await eventflux(['run', 'plan.json', '--on-error', 'broken.ndjson', '-q'], input)
    expect(rowsOf(await readFile(at('broken.ndjson'), 'utf8'))).toMatchObject([
      { at: 'line 3', text: 'nonsense' },
      { at: 'line 5', text: '20,a,x' },
    ])
  })
})

describe('what ends it', () => {
  it('a reader that has enough is no failure', async () => {
    const child = start('run', 'plan.json')
    child.stdin.on('error', () => {})
    child.stdout.once('data', () => child.stdout.destroy())
    child.stdin.end(
      csv +
        events
          .map(({ sensor }, i) => `${1e6 + i * 1000},${sensor},1\n`)
          .join('')
          .repeat(20),
    )
    child.stdout.on('error', () => {})
    let err = ''
    child.stderr.on('data', text => {
      err += text
    })
    const [code] = await once(child, 'exit')
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it('an interruption closes all windows and prints what there is', async () => {
    const child = start('run', 'plan.json')
    const outcome = outcomeOf(child)
    child.stdin.write('time,sensor,value\n0,a,1\n1500,a,2\n')
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    const { code, out, err } = await outcome
    expect(code).toBe(130)
    expect(rowsOf(out)).toEqual([
      { windowStart: 0, windowEnd: 1000, sensor: 'a', total: 1 },
      { windowStart: 1000, windowEnd: 2000, sensor: 'a', total: 2 },
    ])
    expect(err).toMatch(/interrupted after 2 rows/)
  })

  it('a second interruption stops at once, though nobody takes the output', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => `${i * 1000},a,1\n`)
    await writeFile(at('much.csv'), `time,sensor,value\n${rows.join('')}`)
    const child = start('run', 'plan.json', 'much.csv', '-q')
    child.stdout.pause()
    await once(child.stdout, 'readable')
    child.kill('SIGINT')
    await new Promise(resolve => setTimeout(resolve, 200))
    expect(child.exitCode).toBe(null)
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([130, null])
  })

  it('a followed file goes on with what is appended', async () => {
    await writeFile(at('growing.csv'), 'time,sensor,value\n0,a,1\n1500,a,2\n')
    const child = start('run', 'plan.json', 'growing.csv', '--follow', '-q')
    const outcome = outcomeOf(child)
    await once(child.stdout, 'data')
    await appendFile(at('growing.csv'), '2500,a,4\n')
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    const { code, out } = await outcome
    expect(code).toBe(130)
    expect(rowsOf(out).map(({ total }) => total)).toEqual([1, 2, 4])
  })

  it('with --checkpoint two runs give what one would have given', async () => {
    const half = csv.indexOf('\n', csv.length / 2) + 1
    const args = [
      'run',
      'plan.json',
      'twice.csv',
      '--checkpoint',
      'kept',
      '-o',
      'twice.csv.out',
      '-f',
      'csv',
      '--on-error',
      'twice.broken',
    ]
    await writeFile(at('twice.csv'), `${csv.slice(0, half)}broken\n`)
    const child = start(...args, '--follow')
    const outcome = outcomeOf(child)
    while (!(existsSync(at('twice.csv.out')) && (await readFile(at('twice.csv.out'), 'utf8')).length > 100))
      await new Promise(resolve => setTimeout(resolve, 20))
    child.kill('SIGINT')
    expect(await outcome).toMatchObject({
      code: 130,
      err: expect.stringMatching(/1 broken line.*\n.*open windows are in kept/),
    })
    await appendFile(at('twice.csv'), `${csv.slice(half)}broken, too\n`)
    expect(await eventflux(args)).toMatchObject({
      code: 0,
      out: '',
      err: expect.stringMatching(/^eventflux: 1 broken line/),
    })
    expect(rowsOf(await readFile(at('twice.broken'), 'utf8')).map(({ text }) => text)).toEqual([
      'broken',
      'broken, too',
    ])
    const [header, ...lines] = (await readFile(at('twice.csv.out'), 'utf8')).trim().split('\n')
    expect(header).toBe('windowStart,windowEnd,sensor,total')
    const of = totals(events).map(row => Object.values(row).join(','))
    expect(lines.sort()).toEqual(of.sort())
    const { code, err } = await eventflux(['run', 'plan.json', 'events.csv', '--checkpoint', 'kept'])
    expect({ code, err }).toEqual({
      code: 2,
      err: expect.stringMatching(/^eventflux: what kept holds .*taken of twice.csv/),
    })
  })

  it.each([
    [['run', 'plan.json', '--checkpoint', 'kept'], '--checkpoint needs files'],
    [[], 'there is no command'],
    [['walk'], 'there is no command "walk"'],
    [['run'], 'needs a plan'],
    [['run', 'plan.json', '--fromat', 'csv'], 'there is no option --fromat; did you mean --format?'],
    [['run', 'plan.json', '--colour'], 'there is no option --colour; --help lists them'],
    [['run', 'plan.json', 'events.csv', '-o', 'nowhere/out.csv'], 'there is no directory nowhere'],
    [['run', 'plan.json', 'events.csv', '--branch', 'late=nowhere/late.csv'], 'there is no directory nowhere'],
    [['run', 'plan.json', 'events.csv', '-o', './events.csv'], "./events.csv can't be written: it is what is read"],
    [['run', 'plan.json', 'events.csv', '--on-error', 'events.csv'], 'it is what is read'],
    [['run', 'plan.json', 'events.csv', '-o', 'plan.json'], 'it is what is read'],
    [['run', 'plan.json', 'events.csv', '-o', 'x.csv', '--on-error', 'x.csv'], 'something else is written there'],
    [['run', 'plan.json', 'events.csv', '-o', '.'], 'it is a directory'],
    [['run', 'plan.json', 'events.csv', '--delimiter', ';;'], 'one ASCII character'],
    [['run', 'plan.json', 'events.csv', '--checkpoint', 'events.csv'], 'events.csv'],
    [['run', 'events.csv', 'plan.json'], 'events.csv is data, not a plan: the plan comes first'],
    [['run', 'no-plan.json'], 'no-plan.json is not a plan: '],
    [['run', 'plan.json', '-f', 'xml'], 'ndjson, csv, table'],
    [['run', 'missing.json'], 'missing.json'],
    [['run', 'missing.mjs'], "can't be loaded"],
    [['run', 'plan.json', 'missing.csv'], 'missing.csv'],
    [['run', 'plan.json', '--follow'], '--follow needs a file'],
    [['run', 'plan.mjs', '--engine', 'wasm'], 'decides on the engine itself'],
    [['run', 'plan.mjs', '--export', 'nothing'], 'exports no nothing; it has default, pipelineOf'],
  ])('exit code 2 for what can not be used: %j', async (args, message) => {
    const { code, out, err } = await eventflux(args)
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toContain(message)
  })

  it('--help and --version say what they say', async () => {
    const [help, word, version] = await Promise.all([eventflux(['--help']), eventflux(['help']), eventflux(['-V'])])
    expect(help.out).toContain('cat bids.csv | eventflux run q5.json')
    expect(word).toEqual(help)
    expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})
