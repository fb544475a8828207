// A page with a job in it, and what the page is told of its life.
import { count, f64, i32, ndjsonSource, pipeline, schema, sum, timestamp, tumbling } from 'eventflux'
import {
  fetched,
  fromBroadcastChannel,
  fromEventSource,
  fromWebSocket,
  indexedDbStore,
  onPageLifecycle,
  opfsStore,
} from 'eventflux/web'

const STORES = { IndexedDB: indexedDbStore, OPFS: opfsStore }
const SOURCES = {
  WebSocket: at => fromWebSocket(`${at.replace('http', 'ws')}/ticking`),
  EventSource: at => fromEventSource(`${at}/ticking-events`),
  body: at => ndjsonSource(fetched(`${at}/ticking-lines`)),
  channel: at => fromBroadcastChannel(at),
}

const life = []
onPageLifecycle({
  hidden: () => life.push('hidden'),
  visible: () => life.push('visible'),
  frozen: () => life.push('frozen'),
  resumed: () => life.push('resumed'),
})
addEventListener('pageshow', ({ persisted }) => persisted && life.push('from the cache'))

let ticks = 0
setInterval(() => ticks++, 10)

const rows = []
let job

Object.assign(globalThis, {
  life,
  rows,
  ticks: () => ticks,
  state: () => job.state,

  /** Collects what a source says. */
  async take({ source, at }) {
    job = await pipeline(schema({ n: i32() })).run({
      source: SOURCES[source](at),
      sink: ({ n }) => void rows.push(n),
    })
    job.done.catch(error => life.push(error.message))
  },

  /** Keeps a checkpoint whenever the page is hidden, of windows of some of the events. */
  async keep({ kind, name, from, to, ends }) {
    const job = await pipeline(schema({ time: timestamp(), spent: f64() }))
      .eventTime('time')
      .window(tumbling('1s'))
      .aggregate(e => ({ visits: count(), spent: sum(e.spent) }))
      .run({ sink: row => void rows.push(row), checkpoint: { store: STORES[kind](name) }, restore: 'latest' })
    onPageLifecycle({ hidden: () => job.checkpoint().then(() => life.push('kept')) })
    for (let i = from; i < to; i++) await job.push({ time: i * 70, spent: (i * 37) % 101 })
    await job.flush()
    if (ends) await job.stop({ drain: true })
    return job.restored !== undefined
  },
})
