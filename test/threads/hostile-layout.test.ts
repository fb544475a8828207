import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import {
  count,
  decodeCheckpoint,
  encodeCheckpoint,
  pipeline,
  type Section,
  StateWriter,
  sum,
  tumbling,
} from '../../src/index.ts'
import { partsOf, sectionsOfParts } from '../../src/operators/state-parts.ts'
import { bounded, takingTurns } from '../bounded.ts'
import { events, eventsOf, sorted } from './events.ts'
import { watchWorkers } from './started-workers.ts'

watchWorkers()

const ROWS = eventsOf(300)
const plan = pipeline(events, { engine: 'js' })
  .eventTime('time', { outOfOrderness: '200ms' })
  .keyBy('name')
  .window(tumbling('1s'))
  .aggregate(e => ({ rows: count(), sum: sum(e.n) }))

function text(value: string): Uint8Array {
  const writer = new StateWriter()
  writer.text(value)
  return writer.finish()
}

/** The error of a restore, which has to be one of those a checkpoint may give; undefined: there was none. */
async function refusal(sections: readonly Section[], workers: number | undefined): Promise<EventfluxError | undefined> {
  try {
    const given = { restore: encodeCheckpoint(sections), ...(workers !== undefined && { workers }) }
    const job = await plan.run({ ...given, distribution: 'keys', sink: [] })
    await job.stop({ drain: false })
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(EventfluxError)
    expect(['CHECKPOINT_INVALID', 'CHECKPOINT_MISMATCH']).toContain((error as EventfluxError).code)
    return error as EventfluxError
  }
}

/** The sections of a checkpoint of two workers. */
let sections: readonly Section[]
beforeAll(async () => {
  const job = await plan.run({ workers: 2, distribution: 'keys', sink: [] })
  await job.pushMany(ROWS.slice(0, 150))
  const { bytes } = await job.checkpoint()
  await job.stop({ drain: false })
  sections = decodeCheckpoint(bytes).sections
})

const withLayout = (sections: readonly Section[], bytes: Uint8Array): Section[] =>
  sections.map(section => (section.name === 'layout' ? { name: 'layout', bytes } : section))

describe('what a checkpoint says of how the work was spread', () => {
  const wrong = [
    '',
    'shards',
    'shards ',
    'shards 0',
    'shards 65',
    'shards 99',
    'shards 100',
    'shards -1',
    'shards 1e1',
    'shards 2 ',
    ' shards 2',
    'Shards 2',
    'stages 0',
    'stages 9999999999',
    'threads 2',
    '__proto__ 2',
    'shards \u0662',
    'x'.repeat(70_000),
  ]
  it.each(wrong.map((layout, turn) => [layout, turn] as const))(
    'is refused where there is no such layout: %j',
    async (layout, turn) => {
      const given = withLayout(sections, text(layout))
      for (const workers of turn % 6 === 0 ? [undefined, 2] : bounded([undefined], [undefined, 2]))
        expect(await refusal(given, workers)).toMatchObject({ at: 'layout' })
    },
  )

  it('is refused where its bytes are cut short, or more than a text', async () => {
    const whole = text('shards 2')
    const cases = [
      new Uint8Array(0),
      whole.subarray(0, 3),
      Uint8Array.of(...whole, 0),
      Uint8Array.of(255, 255, 255, 255),
    ]
    for (const [turn, bytes] of cases.entries())
      for (const workers of takingTurns(turn, [2, undefined]))
        expect(await refusal(withLayout(sections, bytes), workers)).toMatchObject({ at: 'layout' })
  })

  it('is refused where there are parts of other workers, or workers without a part', async () => {
    const renamed = (to: string): Section[] =>
      sections.map(({ name, bytes }) => ({ name: name.replace(/^worker\/2\//, to), bytes }))
    const names = ['worker/0/', 'worker/3/', 'worker/99999999999999999999/', 'worker/4294967298/', 'stage/2/']
    for (const [turn, to] of names.entries())
      for (const workers of takingTurns(turn, [undefined, 2, 3]))
        expect(await refusal(renamed(to), workers), to).toBeDefined()
    const without = sections.filter(({ name }) => !name.startsWith('worker/2/'))
    for (const workers of [undefined, 2, 3]) expect(await refusal(without, workers)).toBeDefined()
    for (const [turn, layout] of ['shards 1', 'shards 3', 'shards 64', 'stages 2'].entries())
      for (const workers of takingTurns(turn, [undefined, 2]))
        expect(await refusal(withLayout(sections, text(layout)), workers)).toBeDefined()
  })

  it('is refused, or goes on with the right rows, whatever stands in its place', async () => {
    const expected: object[] = []
    const whole = await plan.run({ sink: expected })
    await whole.pushMany(ROWS)
    await whole.drain()
    const out: object[] = []
    const right = await plan.run({ restore: encodeCheckpoint(sections), sink: out })
    await right.pushMany(ROWS.slice(150))
    await right.drain()
    expect(sorted(expected)).toEqual(expect.arrayContaining(sorted(out)))
    const layouts = sections.find(({ name }) => name === 'layout')!.bytes
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(layouts.length - 1), fc.nat(255), (bytes, at, byte) => {
        for (const given of [bytes, layouts.map((each, i) => (i === at ? each ^ byte : each))])
          try {
            const { layout, parts } = partsOf(withLayout(sections, given))
            expect(layout).toMatch(/^(shards|stages) [1-9]\d?$/)
            expect(parts.length).toBeLessThanOrEqual(64)
          } catch (error) {
            expect(error).toMatchObject({ code: 'CHECKPOINT_INVALID' })
          }
      }),
      { numRuns: 500 },
    )
  })

  it('is what was written', () => {
    const parts = [[{ name: 'operator/a', bytes: text('1') }], [{ name: 'operator/a', bytes: text('2') }]]
    expect(partsOf(sectionsOfParts('shards 2', parts))).toEqual({ layout: 'shards 2', here: [], parts })
    expect(partsOf(sectionsOfParts('stages 2', parts))).toEqual({ layout: 'stages 2', here: [], parts })
  })
})
