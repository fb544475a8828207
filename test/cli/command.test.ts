import { readFile, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sum } from '../../src/expression/aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { f64, timestamp, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { byWindow, CommandFolder, csv, events, ndjson, type Outcome, rowsOf, totals } from './command-folder.ts'

let folder: CommandFolder
beforeAll(async () => {
  folder = await CommandFolder.make()
})
afterAll(() => folder.remove())

const at = (name: string): string => folder.at(name)
const eventflux = (args: string[], input?: string | Uint8Array): Promise<Outcome> => folder.run(args, input)

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
