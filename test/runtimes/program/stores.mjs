// A page and a worker of it that keep checkpoints in the browser: the test calls `stores`, in the one or the other.
import { count, encodeCheckpoint, f64, pipeline, schema, sum, timestamp, tumbling, utf8 } from 'eventflux'
import { storeConformance } from 'eventflux/testing'
import { indexedDbStore, opfsStore } from 'eventflux/web'

const KINDS = { IndexedDB: indexedDbStore, OPFS: opfsStore }

const visits = pipeline(schema({ time: timestamp(), user: utf8(), spent: f64() }), { bufferSize: 64 })
  .eventTime('time')
  .keyBy('user')
  .window(tumbling('1s'))
  .aggregate(e => ({ visits: count(), spent: sum(e.spent) }))

let held

const stores = {
  /** Runs what every store must do; gives back what failed, by name, or null. */
  async conformance({ kind }) {
    const open = async () => {
      const name = crypto.randomUUID()
      return { store: KINDS[kind](name), again: async () => KINDS[kind](name) }
    }
    const results = []
    for (const { name, run } of storeConformance({ open }))
      results.push([
        name,
        await run().then(
          () => null,
          error => `${error.stack}`,
        ),
      ])
    return results
  },

  /** Whether a checkpoint of that value was taken, or the code of what refused it. */
  put: ({ kind, name, id, value }) =>
    KINDS[kind](name)
      .put(id, encodeCheckpoint([{ name: 'value', bytes: Uint8Array.of(value) }]))
      .then(
        () => 'put',
        error => error.code,
      ),

  list: ({ kind, name }) => KINDS[kind](name).list(),

  get: async ({ kind, name, id }) => Array.from((await KINDS[kind](name).get(id)) ?? []),

  /** What a writer that died in the middle of a file left behind. */
  async tear({ name, file, bytes }) {
    let directory = await navigator.storage.getDirectory()
    for (const part of ['eventflux', name]) directory = await directory.getDirectoryHandle(part, { create: true })
    const stream = await (await directory.getFileHandle(file, { create: true })).createWritable()
    await stream.write(new Uint8Array(bytes))
    await stream.close()
  },

  async files({ name }) {
    let directory = await navigator.storage.getDirectory()
    for (const part of ['eventflux', name]) directory = await directory.getDirectoryHandle(part)
    return Array.fromAsync(directory.keys())
  },

  /** Opens a store and keeps it, with a checkpoint in it. */
  async hold({ kind, name, id, value }) {
    held = KINDS[kind](name)
    await held.put(id, encodeCheckpoint([{ name: 'value', bytes: Uint8Array.of(value) }]))
  },

  held: () => held.list(),

  /** Resolves when nobody has the database open any more, and it is deleted. */
  forget: ({ name }) =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase(`eventflux/${name}`)
      request.onsuccess = () => resolve('deleted')
      request.onerror = () => reject(request.error)
    }),

  /** Counts the visits, tells the server of every row and its id, and goes on where a job before it left off. */
  async job({ kind, name, events }) {
    const sink = {
      send: async (row, { epoch, sequence }) => {
        await fetch('/rows', { method: 'POST', body: JSON.stringify({ name, epoch, number: sequence, row }) })
      },
    }
    try {
      const job = await visits.run({
        source: events,
        sink,
        checkpoint: { store: KINDS[kind](name), everyEvents: 200 },
        restore: 'latest',
      })
      await job.done
      return 'done'
    } catch (error) {
      return error.code ?? `${error}`
    }
  },
}

if (globalThis.document) {
  const worker = new Worker('page.js', { type: 'module' })
  const waiting = new Map()
  let calls = 0
  worker.onmessage = ({ data: { call, result, error } }) => {
    const { resolve, reject } = waiting.get(call)
    waiting.delete(call)
    if (error === undefined) resolve(result)
    else reject(new Error(error))
  }
  const inWorker = (act, argument) =>
    new Promise((resolve, reject) => {
      waiting.set(++calls, { resolve, reject })
      worker.postMessage({ call: calls, act, argument })
    })
  globalThis.stores = ({ place, act, ...argument }) =>
    place === 'worker' ? inWorker(act, argument) : stores[act](argument)
} else {
  globalThis.onmessage = async ({ data: { call, act, argument } }) => {
    try {
      postMessage({ call, result: await stores[act](argument) })
    } catch (error) {
      postMessage({ call, error: `${error.stack}` })
    }
  }
}
