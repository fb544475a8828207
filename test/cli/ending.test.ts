import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { appendFile, readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CommandFolder, csv, events, type Outcome, outcomeOf, rowsOf, totals } from './command-folder.ts'

let folder: CommandFolder
beforeAll(async () => {
  folder = await CommandFolder.make()
  await writeFile(at('no-plan.json'), '{"columns": []}')
})
afterAll(() => folder.remove())

const at = (name: string): string => folder.at(name)
const eventflux = (args: string[], input?: string | Uint8Array): Promise<Outcome> => folder.run(args, input)

describe('what ends the command', () => {
  it('a reader that has enough is no failure', async () => {
    const child = folder.start('run', 'plan.json')
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
    const child = folder.start('run', 'plan.json')
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
    const child = folder.start('run', 'plan.json', 'much.csv', '-q')
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
    const child = folder.start('run', 'plan.json', 'growing.csv', '--follow', '-q')
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
    const child = folder.start(...args, '--follow')
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
