import * as promises from 'node:fs/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type CheckpointStore, type KeyValueClient, keyValueStore, memoryStore } from '../../src/index.ts'
import { CheckpointFiles } from '../../src/node/checkpoint-files.ts'
import { fileStore } from '../../src/node/index.ts'
import { type StoreSubject, storeConformance } from '../../src/testing/index.ts'

/** A service whose every answer takes a while, so that calls of several writers fall between each other. */
function slowService(values = new Map<string, Uint8Array>()): KeyValueClient {
  const slowly = async <T>(act: () => T): Promise<T> => {
    for (let turns = Math.random() * 5; turns > 0; turns--) await Promise.resolve()
    return act()
  }
  return {
    get: key => slowly(() => values.get(key)?.slice()),
    put: (key, value) => slowly(() => void values.set(key, value.slice())),
    delete: key => slowly(() => void values.delete(key)),
    list: prefix => slowly(() => [...values.keys()].filter(key => key.startsWith(prefix))),
    compareAndSet: (key, expected, value) =>
      slowly(() => {
        const is = values.get(key)
        if (is === undefined ? expected !== undefined : expected === undefined || Buffer.compare(is, expected) !== 0)
          return false
        values.set(key, value.slice())
        return true
      }),
  }
}

async function inFiles(storeIn: (directory: string) => CheckpointStore) {
  const directory = await mkdtemp(join(tmpdir(), 'eventflux-'))
  const open = () => storeIn(join(directory, 'some', 'where'))
  return { store: open(), again: async () => open(), close: () => rm(directory, { recursive: true }) }
}

const noLinks = async (): Promise<never> => {
  throw Object.assign(new Error('EPERM: operation not permitted'), { code: 'EPERM' })
}

const subjects: Record<string, StoreSubject> = {
  memory: {
    open: async () => {
      const store = memoryStore()
      return { store, again: async () => store }
    },
  },
  files: {
    open: () => inFiles(directory => fileStore(directory)),
  },
  'files without hard links': {
    // Of several that write at the same moment none may win; that never two do is in file-store-writers.test.ts.
    arbitrates: false,
    open: () => inFiles(directory => new CheckpointFiles(directory, { ...promises, link: noLinks })),
  },
  'a key-value service': {
    open: async () => {
      const values = new Map<string, Uint8Array>()
      const open = () => keyValueStore(slowService(values))
      return { store: open(), again: async () => open() }
    },
  },
}

describe.each(Object.entries(subjects))('a store of %s', (_, subject) => {
  for (const { name, run } of storeConformance(subject)) it(name, run)
})

describe('a store of a key-value service', () => {
  it('leaves no bytes behind that no checkpoint names', async () => {
    const values = new Map<string, Uint8Array>()
    const store = keyValueStore(slowService(values), { prefix: 'job-7/' })
    // Written, and never named: the writer died in between.
    values.set('job-7/checkpoint/2-lost', Uint8Array.of(1))
    values.set('job-7/checkpoint/9-underway', Uint8Array.of(1))
    for (const id of [1, 2, 3]) await store.put(id, Uint8Array.of(id))
    await store.delete(1)
    await store.delete(2)
    const keys = [...values.keys()].map(key => key.replace(/-[0-9a-f-]{36}$/, '')).sort()
    expect(keys).toEqual(['job-7/checkpoint/3', 'job-7/checkpoint/9-underway', 'job-7/checkpoints'])
  })

  it('refuses a list of checkpoints that is damaged', async () => {
    const values = new Map<string, Uint8Array>()
    const store = keyValueStore(slowService(values))
    await store.put(1, Uint8Array.of(1))
    values.get('eventflux/checkpoints')![7]! ^= 1
    await expect(store.list()).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' })
  })
})
