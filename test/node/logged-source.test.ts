import { EventEmitter } from 'node:events'
import { cp, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ColumnBlock, type Source, type SourceIntake, StateReader, StateWriter } from '../../src/index.ts'
import { fromEmitter } from '../../src/node/emitter.ts'
import { type LoggedSourceOptions, loggedSource } from '../../src/node/logged-source.ts'
import { turnOfLoop, until } from '../../src/testing/event-loop.ts'
import { sourceConformance } from '../../src/testing/source-conformance.ts'
import { TestIntake } from '../../src/testing/test-intake.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { bounded, takingTurns } from '../bounded.ts'
import { filesOf, type Row, rowOf, rowsFrom } from './logged-input.ts'

/** The same rows as columns, in one of the forms a block may have. */
function blockOf(rows: readonly Row[]): ColumnBlock {
  const ids = Int32Array.from(rows, ({ id }) => id)
  const dictionary = ['unused', ...new Set(rows.map(({ name }) => name ?? 'none'))]
  const codes = rows.map(({ name }) => dictionary.indexOf(name ?? 'none'))
  const valid = new Uint8Array((rows.length + 7) >> 3)
  rows.forEach(({ name }, row) => {
    if (name !== null) valid[row >> 3]! |= 1 << (row & 7)
  })
  return { id: ids, name: { values: { codes, dictionary }, valid } }
}

type Batch = { readonly size: number; readonly form: 'row' | 'rows' | 'columns' }

/** A source that can't be read again: what it gives, it gives once. */
function once(batches: readonly Batch[], from: number): Source<Row> {
  return {
    metadata: { name: 'once', kind: 'test', replayable: false, bounded: true },
    async run(intake: SourceIntake<Row>) {
      let id = from
      for (const { size, form } of batches) {
        const rows = rowsFrom(id, id + size)
        id += size
        if (intake.signal.aborted) return
        if (form === 'columns') await intake.pushColumns(blockOf(rows))
        else if (form === 'rows') await intake.pushMany(rows)
        else for (const row of rows) await intake.push(row)
      }
    },
  }
}

let root = ''
let made = 0
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'eventflux-logged-'))
})
afterAll(() => rm(root, { recursive: true }))
const fresh = (): string => join(root, `log-${made++}`)
const NONE: Source<Row> = once([], 0)

/** What a fresh source over a log gives when it begins behind `position`; undefined: it isn't restored. */
async function givenFrom(
  directory: string,
  position?: number,
  input: Source<Row> = NONE,
  options?: LoggedSourceOptions,
): Promise<Row[]> {
  const source = loggedSource(input, directory, options)
  if (position !== undefined) {
    const writer = new StateWriter()
    writer.f64(position)
    source.restore!(new StateReader(writer.finish()))
  }
  const intake = new TestIntake<Row>()
  await source.run(intake)
  await source.close?.()
  return intake.events
}

async function logOf(batches: readonly Batch[], options?: LoggedSourceOptions): Promise<string> {
  const directory = fresh()
  await givenFrom(directory, undefined, once(batches, 0), options)
  return directory
}
const ofRows = (...sizes: number[]): Batch[] => sizes.map(size => ({ size, form: 'rows' }))

describe('a logged source', () => {
  const events = rowsFrom(0, 3_000)
  for (const sync of ['each', 'none', 5] as const) {
    describe(`that syncs ${sync}`, () => {
      const make = () => ({ source: loggedSource(events, fresh(), { sync }) })
      for (const { name, run } of sourceConformance({ make, events, isBounded: true })) it(name, run)
    })
  }

  it('gives what came in behind any position again, then what comes in anew', async () => {
    const batch = fc.record({
      size: fc.integer({ min: 1, max: 20 }),
      form: fc.constantFrom<Batch['form']>('row', 'rows', 'columns'),
    })
    const lives = fc.array(fc.array(batch, { maxLength: 8 }), { minLength: 1, maxLength: 4 })
    const options = fc.record({
      sync: fc.constantFrom<LoggedSourceOptions['sync'] & {}>('each', 'none', 1),
      segmentBytes: fc.constantFrom(1, 200, 1_000_000),
    })
    await fc.assert(
      fc.asyncProperty(
        lives,
        options,
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        async (runs, how, cuts) => {
          const directory = fresh()
          let had = 0
          for (const [i, run] of runs.entries()) {
            const position = Math.floor((cuts[i] ?? 0) * had)
            const rows = run.reduce((sum, { size }) => sum + size, 0)
            const given = await givenFrom(directory, position, once(run, had), how)
            expect(given).toEqual(rowsFrom(position, had + rows))
            had += rows
          }
          await rm(directory, { recursive: true, force: true })
        },
      ),
      { numRuns: bounded(20, 60) },
    )
  })

  it('hands an event on in the turn it comes in, unless each is synced', async () => {
    const emitter = new EventEmitter()
    const intake = new TestIntake<Row>()
    const running = loggedSource(fromEmitter<[Row]>(emitter, 'row'), fresh(), { sync: 'none' }).run(intake)
    await until(() => emitter.listenerCount('row') > 0)
    emitter.emit('row', rowOf(0))
    await until(() => intake.events.length === 1)
    await turnOfLoop()
    emitter.emit('row', rowOf(1))
    expect(intake.events).toEqual(rowsFrom(0, 2))
    intake.controller.abort()
    await running
  })

  it('syncs by the clock of the job', async () => {
    const clock = new VirtualClock(0)
    const emitter = new EventEmitter()
    const intake = new TestIntake<Row>({ clock })
    const directory = fresh()
    const running = loggedSource(fromEmitter<[Row]>(emitter, 'row'), directory, { sync: 100 }).run(intake)
    await until(() => emitter.listenerCount('row') > 0)
    for (const id of [0, 1, 2]) {
      emitter.emit('row', rowOf(id))
      await until(() => intake.events.length === id + 1)
      clock.advanceTo((id + 1) * 100)
      await turnOfLoop()
    }
    intake.controller.abort()
    await running
    expect(await givenFrom(directory)).toEqual(rowsFrom(0, 3))
  })

  it('rejects an event that no state can hold, and takes those around it', async () => {
    const directory = fresh()
    const bad = { id: 1, name: () => {} }
    const intake = new TestIntake<unknown>()
    await loggedSource<unknown>([rowOf(0), bad, rowOf(2)], directory).run(intake)
    expect(intake.events).toEqual([rowOf(0), rowOf(2)])
    expect(intake.rejected).toMatchObject([{ code: 'EVENT_INVALID', value: bad }])
    expect(await givenFrom(directory)).toEqual([rowOf(0), rowOf(2)])
  })

  it('keeps names like __proto__ what they are', async () => {
    const event = JSON.parse('{"id":1,"__proto__":{"polluted":true}}')
    const directory = fresh()
    await loggedSource<unknown>([event], directory).run(new TestIntake<unknown>())
    const [again] = await givenFrom(directory)
    expect(Object.keys(again!)).toEqual(['id', '__proto__'])
    expect(({} as Record<string, unknown>).polluted).toBe(undefined)
  })

  it('refuses options that make no sense', () => {
    for (const options of [{ sync: 0 }, { sync: 'often' as 'each' }, { segmentBytes: 0 }, { segmentBytes: 2 ** 31 }])
      expect(() => loggedSource([], fresh(), options)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })

  it('fails where the log is not writable, as a source does', async () => {
    const file = join(root, 'a file')
    await writeFile(file, '')
    await expect(givenFrom(join(file, 'log'))).rejects.toMatchObject({ code: 'SOURCE_FAILED' })
  })
})

describe('a log that is not as it was written', () => {
  it('is cut at its last whole frame, at whatever byte it ends', async () => {
    const whole = await logOf(ofRows(1, 2, 3))
    const [path] = await filesOf(whole)
    const bytes = await readFile(path!)
    const counts = new Set<number>()
    for (let length = 0; length <= bytes.length; length++) {
      const torn = fresh()
      await cp(whole, torn, { recursive: true })
      await truncate(join(torn, path!.slice(whole.length)), length)
      const given = await givenFrom(torn)
      counts.add(given.length)
      expect(given).toEqual(rowsFrom(0, given.length))
      // It goes on from there, and there is no trace of what was torn.
      await givenFrom(torn, given.length, once(ofRows(4), given.length))
      expect(await givenFrom(torn)).toEqual(rowsFrom(0, given.length + 4))
      await rm(torn, { recursive: true })
    }
    expect([...counts]).toEqual([0, 1, 3, 6])
  })

  it('is cut where the file has room that nothing was put in', async () => {
    const directory = await logOf(ofRows(1, 2))
    const [path] = await filesOf(directory)
    await truncate(path!, (await readFile(path!)).length + 5_000)
    expect(await givenFrom(directory)).toEqual(rowsFrom(0, 3))
    await writeFile(join(directory, 'rows-0000000000000003.eflog'), new Uint8Array(100))
    expect(await givenFrom(directory)).toEqual(rowsFrom(0, 3))
  })

  it('is refused when a bit of any of its bytes was flipped', async () => {
    const directory = await logOf(ofRows(2, 3))
    const [path] = await filesOf(directory)
    const bytes = await readFile(path!)
    for (let at = 0; at < bytes.length; at++) {
      for (const bit of takingTurns(at, [0, 1, 2, 3, 4, 5, 6, 7])) {
        const damaged = Uint8Array.from(bytes)
        damaged[at]! ^= 1 << bit
        await writeFile(path!, damaged)
        await expect(givenFrom(directory), `byte ${at}`).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
      }
    }
    await writeFile(path!, bytes)
    expect(await givenFrom(directory)).toEqual(rowsFrom(0, 5))
  })

  it('is refused when frames were cut out of it, stand there twice, or changed places', async () => {
    const directory = await logOf(ofRows(2, 1, 2, 1))
    const [path] = await filesOf(directory)
    const bytes = await readFile(path!)
    const header = bytes.subarray(0, 24)
    const frames: Uint8Array[] = []
    for (let at = 24; at < bytes.length; ) {
      const end = at + 16 + bytes.readUInt32LE(at)
      frames.push(bytes.subarray(at, end))
      at = end
    }
    expect(frames).toHaveLength(4)
    // All lists of up to four or five of the four frames.
    let lists: number[][] = [[]]
    for (let length = 1; length <= bounded(4, 5); length++) {
      lists = lists.flatMap(list => [0, 1, 2, 3].map(frame => [...list, frame]))
      for (const list of lists) {
        await writeFile(path!, Buffer.concat([header, ...list.map(frame => frames[frame]!)]))
        const given = givenFrom(directory)
        // What is left of a log that was cut behind a frame is a log.
        if (list.every((frame, i) => frame === i)) expect(await given).toEqual(rowsFrom(0, [0, 2, 3, 5, 6][length]!))
        else await expect(given, list.join()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
      }
    }
  })

  it('is refused when a file but the last is short, or one is missing', async () => {
    const directory = await logOf(ofRows(2, 2, 2), { segmentBytes: 1 })
    const paths = await filesOf(directory)
    expect(paths).toHaveLength(3)
    const bytes = await readFile(paths[1]!)
    await writeFile(paths[1]!, bytes.subarray(0, -1))
    await expect(givenFrom(directory)).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    await rm(paths[1]!)
    await expect(givenFrom(directory)).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    expect(await givenFrom(directory, 4)).toEqual(rowsFrom(4, 6))
  })

  it('is refused when it no longer has the rows behind the position', async () => {
    const directory = await logOf(ofRows(2, 2), { segmentBytes: 1 })
    const [first] = await filesOf(directory)
    await rm(first!)
    for (const position of [undefined, 0, 1])
      await expect(givenFrom(directory, position)).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
    expect(await givenFrom(directory, 3)).toEqual(rowsFrom(3, 4))
  })

  it('that ends in front of the position goes on behind it, unless each frame was synced', async () => {
    const directory = await logOf(ofRows(2))
    await expect(givenFrom(directory, 3)).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
    expect(await givenFrom(directory, 3, once(ofRows(2), 3), { sync: 'none' })).toEqual(rowsFrom(3, 5))
    expect(await givenFrom(directory, 4)).toEqual(rowsFrom(4, 5))
  })

  it('gives typed errors or rows, whatever bytes are in it', async () => {
    const directory = await logOf([{ size: 9, form: 'columns' }, ...ofRows(3)])
    const [path] = await filesOf(directory)
    const bytes = await readFile(path!)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 })), { maxLength: 3 }),
        fc.nat(bytes.length),
        async (changes, length) => {
          const changed = Uint8Array.from(bytes)
          for (const [at, put] of changes) changed.set(put.subarray(0, changed.length - at), at)
          await writeFile(path!, changed.subarray(0, length))
          try {
            expect([0, 9, 12]).toContain((await givenFrom(directory)).length)
          } catch (error) {
            expect(error).toMatchObject({ code: 'CHECKPOINT_INVALID' })
          }
        },
      ),
      { numRuns: bounded(60, 200) },
    )
  })
})
