import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import { decodeCheckpoint } from '../checkpoint/decode-checkpoint.ts'
import { encodeCheckpoint } from '../checkpoint/encode-checkpoint.ts'
import { EventfluxError } from '../errors.ts'
import { expectArgument, has } from '../options.ts'
import { type ConformanceCase, demand, demandSame } from './conformance-case.ts'

/** A store under test. */
export interface StoreSubject {
  /** Opens a place that is empty at first; `again` opens the same place, as another process would. */
  readonly open: () => Promise<{
    readonly store: CheckpointStore
    readonly again: () => Promise<CheckpointStore>
    readonly close?: () => Promise<void>
  }>
  /** Whether it arbitrates between writers that are at work at the same time. Default true. */
  readonly arbitrates?: boolean
  /** Bytes of the largest checkpoint that is tried. Default 3 MB. */
  readonly largestBytes?: number
}

/**
 * What every store of checkpoints must do: give back the bytes, in whatever process; keep to the order of ids; let only one
 * of two writers win.
 *
 * @example
 * ```ts
 * const cases = storeConformance({
 *   open: async () => {
 *     const store = memoryStore()
 *     return { store, again: async () => store }
 *   },
 * })
 * for (const { name, run } of cases) {
 *   console.log(name)
 *   await run()
 * }
 * ```
 */
export function storeConformance(subject: StoreSubject): ConformanceCase[] {
  expectArgument('storeConformance', subject, has('open'), 'what is tried: { open }')
  const { open, arbitrates = true, largestBytes = 3_000_000 } = subject
  const using = async (act: (store: CheckpointStore, again: () => Promise<CheckpointStore>) => Promise<void>) => {
    const { store, again, close } = await open()
    try {
      await act(store, again)
    } finally {
      await close?.()
    }
  }
  const refused = async (store: CheckpointStore, id: number): Promise<boolean> => {
    try {
      await store.put(id, checkpointOf(99))
      return false
    } catch (error) {
      demand(
        error instanceof EventfluxError && error.code === 'CHECKPOINT_CONFLICT',
        `An id that is not newer is refused with CHECKPOINT_CONFLICT, not ${error}`,
      )
      return true
    }
  }
  const cases: ConformanceCase[] = [
    {
      name: 'is empty at first',
      run: () =>
        using(async store => {
          demandSame('It lists checkpoints', [], [...(await store.list())])
          demand((await store.get(1)) === undefined, 'It has a checkpoint')
          await store.delete(1)
        }),
    },
    {
      name: 'gives back what was put, here and where it is opened again',
      run: () =>
        using(async (store, again) => {
          for (const id of [1, 2, 7, 10, 2 ** 40]) await store.put(id, checkpointOf(id))
          for (const each of [store, await again()]) {
            demandSame('The ids differ', [1, 2, 7, 10, 2 ** 40], [...(await each.list())])
            for (const id of [1, 2, 7, 10, 2 ** 40]) demand(isOf(await each.get(id), id), `Checkpoint ${id} differs`)
            demand((await each.get(3)) === undefined, 'It has a checkpoint that was never put')
          }
        }),
    },
    {
      name: 'keeps large ones whole',
      run: () =>
        using(async (store, again) => {
          const bytes = new Uint8Array(largestBytes).map((_, i) => i * 31 + (i >>> 8))
          await store.put(1, bytes)
          const found = await (await again()).get(1)
          demand(found !== undefined && found.length === bytes.length, 'The length differs')
          demand(
            bytes.every((byte, at) => found![at] === byte),
            'The bytes differ',
          )
        }),
    },
    {
      name: 'keeps bytes of its own',
      run: () =>
        using(async store => {
          const bytes = checkpointOf(1)
          await store.put(1, bytes)
          bytes.fill(0)
          const found = await store.get(1)
          demand(isOf(found, 1), 'It changed with the bytes that were put')
          found!.fill(0)
          demand(isOf(await store.get(1), 1), 'It changed with the bytes that were given back')
        }),
    },
    {
      name: 'refuses what is not newer, and keeps what is there',
      run: () =>
        using(async (store, again) => {
          await store.put(5, checkpointOf(5))
          for (const each of [store, await again()]) {
            demand(await refused(each, 5), 'The same id was taken twice')
            demand(await refused(each, 4), 'An older id was taken')
          }
          demandSame('The ids differ', [5], [...(await store.list())])
          demand(isOf(await store.get(5), 5), 'The checkpoint changed')
        }),
    },
    {
      name: 'deletes',
      run: () =>
        using(async (store, again) => {
          for (const id of [1, 2, 3]) await store.put(id, checkpointOf(id))
          await store.delete(1)
          await store.delete(1)
          for (const each of [store, await again()]) {
            demandSame('The ids differ', [2, 3], [...(await each.list())])
            demand((await each.get(1)) === undefined, 'What was deleted is there')
            demand(isOf(await each.get(2), 2), 'What was not deleted differs')
          }
        }),
    },
  ]
  return arbitrates ? [...cases, race(open)] : cases
}

const race = (open: StoreSubject['open']): ConformanceCase => ({
  name: 'lets one of two writers win that put the same id at once',
  async run() {
    for (let round = 0; round < 20; round++) {
      const { store, again, close } = await open()
      const writers = [store, await again(), await again()]
      const results = await Promise.allSettled(writers.map((writer, i) => writer.put(1, checkpointOf(i))))
      const winners = results.flatMap(({ status }, i) => (status === 'fulfilled' ? [i] : []))
      demand(winners.length === 1, `${winners.length} of ${writers.length} writers won`)
      demand(isOf(await store.get(1), winners[0]!), 'What is there is not what the winner put')
      await close?.()
    }
  },
})

const checkpointOf = (value: number): Uint8Array =>
  encodeCheckpoint([{ name: 'value', bytes: new TextEncoder().encode(`${value}`) }])

const isOf = (bytes: Uint8Array | undefined, value: number): boolean =>
  bytes !== undefined && new TextDecoder().decode(decodeCheckpoint(bytes).sections[0]!.bytes) === `${value}`
