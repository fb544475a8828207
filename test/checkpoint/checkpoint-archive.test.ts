import { describe, expect, it } from 'vitest'
import { CheckpointArchive } from '../../src/checkpoint/checkpoint-archive.ts'
import type { Section } from '../../src/checkpoint/checkpoint-format.ts'
import { inspectCheckpoint, memoryStore } from '../../src/index.ts'

const random = (seed: number, length: number) => {
  let state = seed
  return new Uint8Array(length).map(() => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return state >>> 16
  })
}

/** States that change a little each time, one of them growing, one coming and one going. */
function generations(count: number): Section[][] {
  const large = random(1, 50_000)
  return Array.from({ length: count }, (_, i) => {
    for (let k = 0; k < 20; k++) large[(i * 7_919 + k * 2_503) % large.length]! ^= 255
    const grown = random(2, 1_000 + i * 100)
    return [
      { name: 'large', bytes: large.slice() },
      { name: 'grown', bytes: grown },
      { name: 'same', bytes: random(3, 3_000) },
      ...(i > 2 ? [{ name: 'new', bytes: random(4, 500) }] : [{ name: 'old', bytes: random(5, 500) }]),
    ]
  })
}

const bytesOf = (sections: readonly Section[]) =>
  sections.map(({ name, bytes }) => [name, Buffer.from(bytes).toString('hex')])

describe.each([
  { fullEvery: 1, compress: false },
  { fullEvery: 4, compress: false },
  { fullEvery: 10, compress: true },
  { fullEvery: 1, compress: true },
])('an archive with fullEvery $fullEvery and compress $compress', options => {
  it('gives back each checkpoint it keeps, and keeps what these need', async () => {
    const store = memoryStore()
    let archive = new CheckpointArchive({ store, retain: 3, ...options })
    await archive.open()
    const all = generations(25)
    for (const [i, sections] of all.entries()) {
      // Another process goes on.
      if (i === 13) {
        archive = new CheckpointArchive({ store, retain: 3, ...options })
        await archive.open()
      }
      const id = archive.nextId()
      expect(id).toBe(i + 1)
      await archive.save({ id, createdMs: i, labels: { plan: 'p' } }, sections)
      await archive.prune()
      const ids = await store.list()
      expect(ids.length).toBeLessThanOrEqual(3 + options.fullEvery * 2)
      for (const kept of ids.slice(-3)) {
        const loaded = await new CheckpointArchive({ store }).load({ id: kept })
        expect(loaded?.meta).toMatchObject({ id: kept, createdMs: kept - 1, labels: { plan: 'p' } })
        expect(bytesOf(loaded!.sections), `${kept} after ${id}`).toEqual(bytesOf(all[kept - 1]!))
      }
    }
  })
})

describe('an archive of changes', () => {
  const filled = async () => {
    const store = memoryStore()
    const archive = new CheckpointArchive({ store, fullEvery: 5, retain: 5 })
    await archive.open()
    const saved = []
    for (const sections of generations(4))
      saved.push(await archive.save({ id: archive.nextId(), createdMs: 0, labels: {} }, sections))
    return { store, archive, saved }
  }

  it('writes little where little has changed', async () => {
    const { saved } = await filled()
    expect(saved.map(({ base }) => base)).toEqual([0, 1, 2, 3])
    expect(saved[1]!.bytes.length).toBeLessThan(saved[0]!.bytes.length / 50)
  })

  it('writes a whole one when it is asked to', async () => {
    const { archive } = await filled()
    const whole = await archive.save({ id: archive.nextId(), createdMs: 0, labels: {} }, generations(1)[0]!, true)
    expect(whole.base).toBe(0)
  })

  it('refuses a checkpoint whose base is gone, damaged or another one', async () => {
    const { store, saved } = await filled()
    const load = () => new CheckpointArchive({ store }).load()
    const bytes = new Map(
      await Promise.all((await store.list()).map(async id => [id, (await store.get(id))!] as const)),
    )
    const replace = async (id: number, put: Uint8Array | undefined) => {
      for (const each of await store.list()) await store.delete(each)
      for (const [each, own] of bytes) {
        const now = each === id ? put : own
        if (now !== undefined) await store.put(each, now)
      }
    }
    await replace(2, undefined)
    await expect(load()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    await replace(1, saved[0]!.bytes.slice(0, -1))
    await expect(load()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    await replace(2, saved[2]!.bytes)
    await expect(load()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    const other = memoryStore()
    await new CheckpointArchive({ store: other }).save({ id: 2, createdMs: 0, labels: {} }, [
      { name: 'large', bytes: random(9, 50_000) },
    ])
    await replace(2, (await other.get(2))!)
    await expect(load()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
    // What does not need the damaged one is still there, for those who want it.
    expect((await new CheckpointArchive({ store }).load({ fallBack: true }))?.meta.id).toBe(2)
  })
})

describe('a compressed checkpoint', () => {
  const compressed = async () => {
    const archive = new CheckpointArchive({ store: memoryStore(), compress: true })
    return archive.save({ id: 1, createdMs: 0, labels: {} }, [{ name: 'zeros', bytes: new Uint8Array(100_000) }])
  }

  it('is small, and is known by its first bytes', async () => {
    const { bytes } = await compressed()
    expect(bytes.length).toBeLessThan(1_000)
    expect((await inspectCheckpoint(bytes)).sections[0]).toMatchObject({ name: 'zeros', bytes: 100_000 })
  })

  it('unpacks to no more than it may, and is refused when it is torn off or damaged', async () => {
    const { bytes } = await compressed()
    const invalid = { code: 'CHECKPOINT_INVALID' }
    await expect(inspectCheckpoint(bytes, { maxBytes: 50_000 })).rejects.toMatchObject(invalid)
    const whole = `${await inspectCheckpoint(bytes)}`
    for (let length = 0; length < bytes.length; length++)
      await expect(inspectCheckpoint(bytes.subarray(0, length)), `${length}`).rejects.toMatchObject(invalid)
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const damaged = bytes.slice()
      damaged[bit >>> 3]! ^= 1 << (bit & 7)
      // Some bits of gzip's own header say nothing about the content.
      await inspectCheckpoint(damaged).then(
        report => expect(`${report}`).toBe(whole),
        error => expect(error).toMatchObject(invalid),
      )
    }
  })
})

describe('the report of a checkpoint', () => {
  it('says what is in it', async () => {
    const archive = new CheckpointArchive({ store: memoryStore() })
    const sections = [{ name: 'operator/windowAggregate-1', bytes: Uint8Array.of(0, 3, 0, 0, 0, 97, 98, 99, 1) }]
    const saved = await archive.save({ id: 7, createdMs: Date.UTC(2026, 0), labels: { plan: 'p' } }, sections)
    expect(`${await inspectCheckpoint(saved.bytes)}`).toBe(
      [
        `checkpoint 7, whole, version 3.0, taken 2026-01-01T00:00:00.000Z, ${saved.bytes.length} bytes`,
        '  plan: p',
        '  operator/windowAggregate-1  9 bytes, of abc',
      ].join('\n'),
    )
  })
})
