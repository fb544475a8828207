import {
  avg,
  count,
  f64,
  hopping,
  i32,
  i64,
  max,
  type PipelineConfig,
  pipeline,
  schema,
  sum,
  timestamp,
  utf8,
} from '../../src/index.ts'

/** Rows with columns that are copied whole, that have a bitmap, and of texts. */
export const readings = schema({ time: timestamp(), name: utf8(), n: i32(), x: f64().nullable(), big: i64() })

/** What can be done in halves of them, in windows that overlap. */
export const plan = (config: PipelineConfig) =>
  pipeline(readings, config)
    .eventTime('time', { outOfOrderness: '200ms' })
    .filter(e => e.n.gt(1))
    .keyBy('name')
    .window(hopping('2s', '500ms'))
    .aggregate(e => ({ rows: count(), sum: sum(e.x), top: max(e.big), mean: avg(e.n) }))
