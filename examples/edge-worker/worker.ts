// A Worker with a Durable Object that counts requests per key in windows of ten seconds. After each batch it writes a
// checkpoint into the object's storage: the isolate may be gone at any time, and the next one goes on from there.
//
//   POST /   [{ "time": 1700000000000, "key": "/cart" }, …]
//   GET  /   the windows that are complete

import {
  count,
  type Job,
  type KeyValueClient,
  keyValueStore,
  pipeline,
  schema,
  timestamp,
  tumbling,
  utf8,
} from 'eventflux'

/** Of the storage of a Durable Object, what is used here. */
interface Storage {
  get<T>(key: string): Promise<T | undefined>
  put(key: string, value: unknown): Promise<void>
  delete(key: string): Promise<boolean>
  list<T>(options: { readonly prefix: string }): Promise<Map<string, T>>
  transaction<T>(work: (storage: Storage) => Promise<T>): Promise<T>
}
interface Environment {
  readonly COUNTER: {
    idFromName(name: string): unknown
    get(id: unknown): { fetch(request: Request): Promise<Response> }
  }
}

interface RequestSeen {
  readonly time: number
  readonly key: string
}

const perKey = pipeline(schema({ time: timestamp(), key: utf8() }), { maxMemory: 32 * 2 ** 20, metrics: false })
  .eventTime('time', { outOfOrdernessMs: 1_000 })
  .keyBy('key')
  .window(tumbling('10s'))
  .aggregate(() => ({ requests: count() }))

export class RequestCounter {
  readonly #storage: Storage
  #job: Promise<Job<RequestSeen, unknown>> | undefined

  constructor(state: { readonly storage: Storage }) {
    this.#storage = state.storage
  }

  async fetch(request: Request): Promise<Response> {
    if (request.method === 'GET') {
      const windows = await this.#storage.list({ prefix: 'window/' })
      return Response.json([...windows.values()])
    }
    this.#job ??= this.#start()
    const job = await this.#job
    await job.pushMany((await request.json()) as RequestSeen[])
    // The results of these rows are in the storage, then the state behind them, then the answer says so.
    await job.flush()
    await job.checkpoint()
    return new Response(null, { status: 204 })
  }

  async #start(): Promise<Job<RequestSeen, unknown>> {
    return perKey.run({
      checkpoint: { store: keyValueStore(clientOf(this.#storage)) },
      restore: 'latest',
      // Written again after a crash, a window overwrites itself.
      sink: row => this.#storage.put(`window/${row.windowStart}/${row.key}`, row),
    })
  }
}

export default {
  fetch(request: Request, { COUNTER }: Environment): Promise<Response> {
    return COUNTER.get(COUNTER.idFromName('requests')).fetch(request)
  },
}

/** The storage as checkpoints want it. A value may have 128 KiB there: with larger state, cut it in pieces. */
function clientOf(storage: Storage): KeyValueClient {
  return {
    get: key => storage.get<Uint8Array>(key),
    put: (key, value) => storage.put(key, value),
    delete: async key => void (await storage.delete(key)),
    list: async prefix => [...(await storage.list({ prefix })).keys()],
    compareAndSet: (key, expected, value) =>
      storage.transaction(async inside => {
        if (String(await inside.get(key)) !== String(expected)) return false
        await inside.put(key, value)
        return true
      }),
  }
}
