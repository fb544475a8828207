import { describe, expect, it } from 'vitest'
import { HEADER } from '../../src/checkpoint/checkpoint-format.ts'
import { crc32c } from '../../src/checkpoint/crc-32c.ts'
import {
  count,
  decodeCheckpoint,
  type MigratedCheckpoint,
  memoryStore,
  pipeline,
  schema,
  timestamp,
  tumbling,
  utf8,
} from '../../src/index.ts'

const clicks = schema({ time: timestamp(), user: utf8() })
type Click = { readonly time: number; readonly user: string }
const counts = pipeline(clicks)
  .eventTime('time')
  .keyBy('user')
  .window(tumbling(100))
  .aggregate(() => ({ clicks: count() }))
const named = counts.named('clicks by user')
const events: readonly Click[] = Array.from({ length: 40 }, (_, i) => ({ time: i * 7, user: `u${(i * 3) % 4}` }))

type Counting = Pick<typeof counts, 'run'>

/** The rows of the events from one on, by a job that may begin from a checkpoint. */
async function rowsOf(stream: Counting, from: number, restore?: object): Promise<string[]> {
  const rows: string[] = []
  const job = await stream.run({
    sink: (row: object) => void rows.push(JSON.stringify(row)),
    ...(restore && { restore }),
  } as never)
  await job.pushMany(events.slice(from) as never)
  await job.drain()
  return rows
}

/** A checkpoint behind the first 9 events, in front of all results. */
async function checkpointOf(stream: Counting): Promise<Uint8Array> {
  const job = await stream.run({ sink: [] } as never)
  await job.pushMany(events.slice(0, 9) as never)
  const { bytes } = await job.checkpoint()
  await job.stop({ drain: false })
  return bytes
}

/** The same of another version, its checksum right. */
function ofMajor(bytes: Uint8Array, major: number): Uint8Array {
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  view.setUint16(HEADER.major, major, true)
  view.setUint32(HEADER.crc, crc32c(copy.subarray(0, HEADER.crc)), true)
  return copy
}

const renamed = (sections: MigratedCheckpoint['sections'], from: string, to: string): Map<string, Uint8Array> =>
  new Map([...sections].map(([name, bytes]) => [name.replace(from, to), bytes]))

describe('a checkpoint that is migrated', () => {
  it('is restored in the sections it is given: of a step that has got a name since', async () => {
    const bytes = await checkpointOf(counts)
    await expect(rowsOf(named, 9, { from: bytes })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH' })
    const migrate = ({ sections }: MigratedCheckpoint) =>
      renamed(sections, 'operator/windowAggregate-1/', 'operator/@clicks by user/')
    const expected = await rowsOf(counts, 0)
    expect(await rowsOf(named, 9, { from: bytes, migrate })).toEqual(expected)
    const store = memoryStore()
    await store.put(1, bytes)
    expect(await rowsOf(named, 9, { from: store, migrate })).toEqual(expected)
  })

  it('may be of another major version, which nothing else reads', async () => {
    const bytes = await checkpointOf(counts)
    const older = ofMajor(bytes, 77)
    await expect(rowsOf(counts, 9, { from: older })).rejects.toMatchObject({ code: 'CHECKPOINT_MISMATCH', value: 77 })
    const told: MigratedCheckpoint[] = []
    const migrate = (checkpoint: MigratedCheckpoint) => {
      told.push(checkpoint)
      return checkpoint.sections
    }
    expect(await rowsOf(counts, 9, { from: older, migrate })).toEqual(await rowsOf(counts, 0))
    const { version, sections } = decodeCheckpoint(older)
    expect(told.map(each => each.version)).toEqual([version])
    expect(Object.keys(told[0]!.labels).sort()).toEqual(['engine', 'order', 'plan', 'schema'])
    // All but the one that says what it is.
    expect([...told[0]!.sections.keys()]).toEqual(sections.slice(1).map(({ name }) => name))
  })

  it('is checked like any: what is missing, left over or no state is refused', async () => {
    const bytes = await checkpointOf(counts)
    const ways: [string, (sections: Map<string, Uint8Array>) => unknown][] = [
      ['CHECKPOINT_MISMATCH', sections => new Map([...sections].filter(([name]) => !name.startsWith('operator/')))],
      ['CHECKPOINT_MISMATCH', sections => sections.set('operator/more', new Uint8Array())],
      ['CHECKPOINT_INVALID', sections => new Map([...sections].map(([name, state]) => [name, state.subarray(0, -1)]))],
    ]
    for (const [code, change] of ways) {
      const migrate = ({ sections }: MigratedCheckpoint) => change(new Map(sections))
      await expect(rowsOf(counts, 9, { from: bytes, migrate }), code).rejects.toMatchObject({ code })
    }
  })

  it.each([
    ['nothing', undefined],
    ['a promise', Promise.resolve(new Map())],
    ['an object', { operator: new Uint8Array() }],
    ['text for bytes', new Map([['operator', 'state']])],
  ])('is refused when migrate gives %s', async (_, given) => {
    const restore = { from: await checkpointOf(counts), migrate: () => given }
    await expect(rowsOf(counts, 9, restore)).rejects.toMatchObject({ code: 'OPTION_INVALID', at: 'migrate' })
  })

  it('ends with what migrate throws', async () => {
    const restore = {
      from: await checkpointOf(counts),
      migrate() {
        throw new RangeError('not that one')
      },
    }
    await expect(rowsOf(counts, 9, restore)).rejects.toThrow('not that one')
  })
})
