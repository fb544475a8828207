import { describe, expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import { count } from '../../src/expression/aggregates.ts'
import { collect, topK } from '../../src/expression/choice-aggregates.ts'
import { pipeline } from '../../src/packaged.ts'
import { utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { tumbling } from '../../src/time/windows.ts'
import { events } from './aggregate-events.ts'

describe('columns of objects', () => {
  const lists = pipeline(events, { engine: 'js' })
    .eventTime('time')
    .keyBy('n')
    .window(tumbling(10))
    .aggregate(e => ({ n2: count(), best: topK(e.x, 2), texts: collect(e.t) }))
  const input = Array.from({ length: 12 }, (_, i) => ({
    time: i,
    key: 'k',
    x: i,
    n: i % 5,
    l: null,
    p: null,
    t: i % 2 === 0 ? `t${i}` : null,
  }))

  it('come through filters that leave gaps, projections, functions and batches', async () => {
    const rows: unknown[] = []
    const objects: unknown[] = []
    const output = schema({ text: utf8() })
    const job = await lists
      .filter(r => r.n2.ge(1).and(r.n.ne(1)))
      .project(r => ({ best: r.best, texts: r.texts, n: r.n, some: r.texts.isNotNull() }))
      .tee('texts', branch => branch.mapRows(output, row => ({ text: `${row.texts.join()} ${row.best.join()}` })))
      .run({ sink: row => void rows.push(row), sinks: { texts: row => void objects.push(row) } })
    await job.pushMany(input)
    await job.drain()
    expect(rows).toEqual([
      { best: [5, 0], texts: ['t0'], n: 0, some: true },
      { best: [7, 2], texts: ['t2'], n: 2, some: true },
      { best: [8, 3], texts: ['t8'], n: 3, some: true },
      { best: [9, 4], texts: ['t4'], n: 4, some: true },
      { best: [10], texts: ['t10'], n: 0, some: true },
    ])
    expect(objects).toHaveLength(5)
    expect(objects[0]).toEqual({ text: 't0 5,0' })
  })

  it('are read from a batch one by one', async () => {
    const found: unknown[] = []
    const job = await lists.run({
      onBatch(batch) {
        for (let i = 0; i < batch.length; i++) found.push(batch.object('best', i))
        expect(() => batch.object('n', 0)).toThrow(/holds no objects/)
      },
    })
    await job.pushMany(input)
    await job.drain()
    expect(found).toEqual([[5, 0], [6, 1], [7, 2], [8, 3], [9, 4], [10], [11]])
  })

  it('make no keys, no source, no schema, and no operands', () => {
    expect(() => lists.keyBy('best')).toThrow(/no keys/)
    expect(() => pipeline(lists.outputSchema)).toThrow(EventfluxError)
    expect(() => schema({ best: lists.outputSchema.types.best })).toThrow(EventfluxError)
    expect(() => lists.filter(r => (r.best as never as typeof r.n).eq(1))).toThrow(EventfluxError)
    expect(() => lists.project(r => ({ text: (r.best as never as typeof r.n).toUtf8() }))).toThrow(EventfluxError)
  })
})
