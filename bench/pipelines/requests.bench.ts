import { filter, from, map } from 'rxjs'
import { count, f64, i32, max, pipeline, schema, timestamp, tumbling, utf8 } from '../../src/index.ts'
import { check } from '../harness/check.ts'
import { group } from '../harness/group.ts'
import { seededRandom } from '../harness/random.ts'
import { compareInRounds } from '../harness/rounds.ts'

const ARRAY_ROWS = 4_096
const WINDOW_MS = 1_000
const AGENTS = 200
const PATHS = 50
const FAILED = 500

const requests = schema({ at: timestamp(), id: utf8(), path: utf8(), agent: utf8(), status: i32(), ms: f64() })
type Request = { at: number; id: string; path: string; agent: string; status: number; ms: number }

/** Requests of a web server, 1,000 a second: an id of its own each, and one in ten fails. */
function makeRequests(rows: number): Request[] {
  const random = seededRandom(11)
  const below = (n: number) => Math.floor(random() * n)
  const paths = Array.from({ length: PATHS }, (_, i) => `/shop/items/${i}`)
  const agents = Array.from({ length: AGENTS }, (_, i) => `Mozilla/5.0 (build ${i})`)
  return Array.from({ length: rows }, (_, i) => ({
    at: 1_700_000_000_000 + i,
    id: `${below(2 ** 32).toString(16)}-${i}`,
    path: paths[below(PATHS)]!,
    agent: agents[below(AGENTS)]!,
    status: below(10) === 0 ? FAILED + below(4) : 200,
    ms: random() * 300,
  }))
}

const arraysOf = (events: readonly Request[]) =>
  Array.from({ length: Math.ceil(events.length / ARRAY_ROWS) }, (_, i) =>
    events.slice(i * ARRAY_ROWS, (i + 1) * ARRAY_ROWS),
  )

const size = (quick: boolean) => ({
  rows: quick ? 50_000 : 500_000,
  warmups: quick ? 1 : 8,
  rounds: quick ? 3 : 11,
  unit: 'M events/s',
})

interface Failure {
  readonly at: number
  readonly id: string
  readonly path: string
}

/** What is done with a failed request: as little as can be. */
class Failures {
  rows = 0
  characters = 0

  readonly take = ({ id, path }: Failure): void => {
    this.rows++
    this.characters += id.length + path.length
  }
}

const failureOf = ({ at, id, path }: Request): Failure => ({ at, id, path })

group(
  'requests-forwarded',
  'objects in, one in ten goes on as an object of three of its six fields, its text among them',
  async ({ quick, record }) => {
    const { rows, ...rest } = size(quick)
    const events = makeRequests(rows)
    const arrays = arraysOf(events)
    const loop = ({ take }: Failures) => {
      for (const event of events) if (event.status >= FAILED) take(failureOf(event))
    }
    const rxjs = ({ take }: Failures) => {
      from(events)
        .pipe(
          filter(({ status }) => status >= FAILED),
          map(failureOf),
        )
        .subscribe(take)
    }
    const start = ({ take }: Failures) =>
      pipeline(requests, { metrics: false })
        .filter(e => e.status.ge(FAILED))
        .project(e => ({ at: e.at, id: e.id, path: e.path }))
        .run({ sink: take })
    const engine = async (job: Awaited<ReturnType<typeof start>>) => {
      for (const array of arrays) {
        const taken = job.pushMany(array)
        if (taken instanceof Promise) await taken
      }
      await job.drain()
    }

    const [expected, observed, engines] = [new Failures(), new Failures(), new Failures()]
    loop(expected)
    rxjs(observed)
    await engine(await start(engines))
    for (const { rows: found, characters } of [observed, engines])
      check(found === expected.rows && characters === expected.characters, `${found} rows, not ${expected.rows}`)

    const contestants = [
      { name: 'loop', prepare: () => () => loop(new Failures()) },
      { name: 'RxJS', prepare: () => () => rxjs(new Failures()) },
      {
        name: 'eventflux',
        async prepare() {
          const job = await start(new Failures())
          return () => engine(job)
        },
      },
    ]
    record(await compareInRounds({ contestants, baselines: ['loop'], amount: rows / 1e6, ...rest }))
  },
)

interface PathWindow {
  requests: number
  slowest: number
}

/** Counts rows, requests, and the sum of the slowest: what tells two sets of results apart. */
class Windows {
  rows = 0
  requests = 0
  slowest = 0

  take(requests: number, slowest: number): void {
    this.rows++
    this.requests += requests
    this.slowest += slowest
  }
}

/** A `Map` of the paths of a second, closed by the first event of the next. */
function mapLoop(events: readonly Request[], windows: Windows): void {
  let open = new Map<string, PathWindow>()
  let end = Number.NEGATIVE_INFINITY
  const close = () => {
    for (const { requests, slowest } of open.values()) windows.take(requests, slowest)
    open = new Map()
  }
  for (const { at, path, ms } of events) {
    if (at >= end) {
      close()
      end = (Math.floor(at / WINDOW_MS) + 1) * WINDOW_MS
    }
    const entry = open.get(path)
    if (entry === undefined) open.set(path, { requests: 1, slowest: ms })
    else {
      entry.requests++
      if (ms > entry.slowest) entry.slowest = ms
    }
  }
  close()
}

group(
  'requests-counted',
  'objects in, count and maximum by path and second; an id of its own and an agent in each are not read',
  async ({ quick, record }) => {
    const { rows, ...rest } = size(quick)
    const events = makeRequests(rows)
    const arrays = arraysOf(events)
    const start = (windows: Windows) =>
      pipeline(requests, { metrics: false })
        .eventTime('at')
        .keyBy('path')
        .window(tumbling(WINDOW_MS))
        .aggregate(e => ({ requests: count(), slowest: max(e.ms) }))
        .run({ sink: row => windows.take(row.requests, row.slowest!) })
    const engine = async (job: Awaited<ReturnType<typeof start>>) => {
      for (const array of arrays) {
        const taken = job.pushMany(array)
        if (taken instanceof Promise) await taken
      }
      await job.drain()
    }

    const [expected, found] = [new Windows(), new Windows()]
    mapLoop(events, expected)
    await engine(await start(found))
    check(found.rows === expected.rows, `${found.rows} rows, not ${expected.rows}`)
    check(found.requests === expected.requests, `${found.requests} requests, not ${expected.requests}`)
    check(Math.abs(found.slowest - expected.slowest) < 1e-9 * expected.slowest, 'other maxima')

    const contestants = [
      { name: 'Map loop', prepare: () => () => mapLoop(events, new Windows()) },
      {
        name: 'eventflux',
        async prepare() {
          const job = await start(new Windows())
          return () => engine(job)
        },
      },
    ]
    record(await compareInRounds({ contestants, baselines: ['Map loop'], amount: rows / 1e6, ...rest }))
  },
)
