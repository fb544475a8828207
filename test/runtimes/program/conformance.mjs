// The program that runs in every runtime. It knows nothing of where it is: what it uses of the library is handed in.

/** Events by key, some of them late: so many milliseconds apart, out of order by up to 700 of them. */
export function events() {
  return Array.from({ length: 400 }, (_, i) => ({
    time: i * 25 + 1_000 - ((i * 7919) % 701),
    key: `k${(i * 31) % 5}`,
    value: ((i * 37) % 101) - 50,
  }))
}

/** The checkpoint is taken behind this many events. */
export const CUT = 230

/**
 * A keyed window with late rows, on one thread and dealt out to two; one without, of columns that are lent; a queue that drops its oldest; and a checkpoint: one
 * to go on from, made elsewhere, and one of its own for whoever comes next.
 *
 * @param script Where a page finds the script of workers, if not where its bundler put it.
 */
export async function conformance(library, { restore, script } = {}) {
  const { createRuntime, pipeline, schema, timestamp, utf8, f64, tumbling, count, sum, min } = library
  const readings = schema({ time: timestamp(), key: utf8(), value: f64() })
  const totals = pipeline(readings)
    .eventTime('time', { outOfOrdernessMs: 100 })
    .filter(e => e.value.ne(0))
    .keyBy('key')
    .window(tumbling('1s', { allowedLateness: '300ms', lateTo: 'late' }))
    .aggregate(e => ({ n: count(), total: sum(e.value), low: min(e.value) }))

  let firstResultAt
  const run = async (options, input) => {
    const [rows, late] = [[], []]
    const sink = row => {
      firstResultAt ??= performance.now()
      rows.push(row)
    }
    const job = await totals.run({ ...options, sink, sinks: { late: row => void late.push(row) } })
    for (const event of input) job.push(event)
    return { job, rows, late }
  }

  const whole = await run({}, events())
  const summary = await whole.job.drain()

  const begun = await run({}, events().slice(0, CUT))
  const { bytes } = await begun.job.checkpoint()
  await begun.job.stop({ drain: false })

  let restored
  if (restore !== undefined) {
    const resumed = await run({ restore: fromText(restore) }, events().slice(CUT))
    await resumed.job.drain()
    restored = { rows: resumed.rows, late: resumed.late }
  }

  const ofPage = () => new Worker(script, { type: 'module' })
  const runtime = await createRuntime({ threads: 2, ...(script && { worker: ofPage }) })
  const dealt = await run({ runtime }, events())
  await dealt.job.drain()
  const lent = await lend(library, readings, runtime)

  const { info } = runtime
  return {
    engine: whole.job.engine,
    fallbackReason: info.fallbackReason,
    threads: info.threads,
    dealt: { mode: dealt.job.mode, rows: dealt.rows, late: dealt.late },
    lent,
    firstResultAt,
    rows: whole.rows,
    late: whole.late,
    delivered: summary.delivered,
    dropped: await dropOldest(library),
    checkpoint: toText(bytes),
    restored,
  }
}

const LENT_AT_ONCE = 100

/**
 * The same events in columns that are lent, into windows that are put together out of what each worker has of them: the rows,
 * and how many blocks workers read where they stood.
 */
async function lend({ pipeline, tumbling, count, sum }, readings, runtime) {
  const rows = []
  const job = await pipeline(readings, { maxBatch: LENT_AT_ONCE })
    .eventTime('time', { outOfOrdernessMs: 100 })
    .keyBy('key')
    .window(tumbling('1s'))
    .aggregate(e => ({ n: count(), total: sum(e.value) }))
    .run({ runtime, sink: row => void rows.push(row) })
  const all = events()
  const dictionary = [...new Set(all.map(({ key }) => key))]
  const blocks = job.lendableColumns(readings, { rows: LENT_AT_ONCE, blocks: all.length / LENT_AT_ONCE })
  let returned = 0
  let inPlace = 0
  for (const [i, block] of blocks.entries()) {
    for (let row = 0; row < LENT_AT_ONCE; row++) {
      const { time, key, value } = all[i * LENT_AT_ONCE + row]
      block.time[row] = time
      block.key[row] = dictionary.indexOf(key)
      block.value[row] = value
    }
    const columns = { ...block, key: { codes: block.key, dictionary } }
    await job.lendColumns(columns, { returned: () => void returned++ })
    // What was copied is back as soon as it is in.
    await undefined
    if (returned === i) inPlace++
    await job.flush()
  }
  await job.drain()
  return { mode: job.mode, rows, returned: returned === blocks.length, inPlace }
}

/** Twenty events into an edge of four, while the sink is busy with the first. */
async function dropOldest({ pipeline, schema, f64 }) {
  let goOn
  const busy = new Promise(resolve => {
    goOn = resolve
  })
  const kept = []
  const sink = async ({ x }) => {
    await busy
    kept.push(x)
  }
  const job = await pipeline(schema({ x: f64() }), { bufferSize: 4, backpressure: 'drop-oldest' }).run({ sink })
  const answers = Array.from({ length: 20 }, (_, x) => job.push({ x }))
  goOn()
  const { evicted, delivered } = await job.drain()
  return { kept, evicted, delivered, accepted: answers.filter(answer => answer === true).length }
}

const toText = bytes => btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''))
const fromText = text => Uint8Array.from(atob(text), char => char.charCodeAt(0))
