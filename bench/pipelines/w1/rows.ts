import type { Contestant } from '../../harness/rounds.ts'
import { keepBatch } from './columns.ts'
import { keepRows, pushEachRow, pushManyRows, startJob, tallyBatches } from './engine-job.ts'
import { asRows, type EventColumns, type KeyKind } from './events.ts'
import { expectedRows } from './oracle.ts'
import { flatLoop, flatLoopHashed, flatLoopTexts, mapLoop, type RowLoop } from './row-loops.ts'
import { checkSameRows, Tally, type WindowRow } from './window-rows.ts'

/** Events a pushed array has. */
const ARRAY_ROWS = 4_096
const CONFIG = { engine: 'wasm', metrics: false } as const

const LOOPS: Readonly<Record<KeyKind, RowLoop>> = {
  smallInt: flatLoop,
  anyInt: flatLoopHashed,
  utf8: flatLoopTexts,
}
const TARGETS = [
  { of: 'ratio', atLeast: 1 },
  { of: 'ratio', atLeast: 3, against: 'Map loop' },
] as const

/** Everybody who takes objects; the first is the hand-written loop the others are compared with. */
export async function rowContestants(columns: EventColumns): Promise<Contestant[]> {
  const { kind } = columns
  const expected = expectedRows(columns)
  const events = asRows(columns)
  const slices = Array.from({ length: Math.ceil(events.length / ARRAY_ROWS) }, (_, i) =>
    events.slice(i * ARRAY_ROWS, (i + 1) * ARRAY_ROWS),
  )
  const loop = LOOPS[kind]
  const flat: WindowRow[] = []
  const texts: string[] = []
  loop(events, batch => keepBatch(batch, texts, flat), texts)
  checkSameRows('row loop', flat, expected)
  const mapped: WindowRow[] = []
  mapLoop(events, row => mapped.push({ ...row, key: String(row.key) }))
  checkSameRows('Map loop', mapped, expected)
  const many: WindowRow[] = []
  await pushManyRows(await startJob(kind, CONFIG, { onBatch: keepRows(kind, many) }), slices)
  checkSameRows('pushMany', many, expected)
  const each: WindowRow[] = []
  await pushEachRow(
    await startJob(kind, CONFIG, { sink: row => void each.push({ ...row, key: String(row.key) }) }),
    events,
  )
  checkSameRows('push', each, expected)
  return [
    {
      name: 'row loop',
      prepare() {
        const tally = new Tally()
        return () => loop(events, ({ length, count }) => tally.take(length, count), [])
      },
    },
    {
      name: 'Map loop',
      prepare() {
        let counted = 0
        return () => mapLoop(events, row => (counted += row.count))
      },
    },
    {
      name: 'eventflux, pushMany',
      async prepare() {
        const job = await startJob(kind, CONFIG, { onBatch: tallyBatches(new Tally()) })
        return () => pushManyRows(job, slices)
      },
      targets: TARGETS,
    },
    {
      name: 'eventflux, push',
      async prepare() {
        const job = await startJob(kind, CONFIG, { onBatch: tallyBatches(new Tally()) })
        return () => pushEachRow(job, events)
      },
      targets: TARGETS,
    },
    {
      name: 'eventflux, push, an object per result',
      async prepare() {
        let counted = 0
        const job = await startJob(kind, CONFIG, { sink: row => void (counted += row.count) })
        return () => pushEachRow(job, events)
      },
    },
  ]
}
