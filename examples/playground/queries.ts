import {
  avg,
  count,
  desc,
  f64,
  hopping,
  max,
  type PipelineConfig,
  pipeline,
  schema,
  session,
  sum,
  timestamp,
  tumbling,
  utf8,
} from 'eventflux'

export const trades = schema({ time: timestamp(), symbol: utf8(), price: f64(), size: f64() })

/** The stream all queries look at: times are up to 100 ms out of order. */
const stream = (config: PipelineConfig) => pipeline(trades, config).eventTime('time', { outOfOrdernessMs: 100 })

export const queries = {
  volume: {
    title: 'Volume by symbol, every second',
    text: 'tumbling 1s by symbol: trades, high, volume-weighted price',
    make: (config: PipelineConfig) =>
      stream(config)
        .keyBy('symbol')
        .window(tumbling('1s'))
        .aggregate(e => ({ trades: count(), high: max(e.price), vwap: sum(e.price.mul(e.size)).div(sum(e.size)) })),
  },
  top: {
    title: 'Most traded of 5 s, every second',
    text: 'hopping 5s / 1s by symbol, the first three of each window',
    make: (config: PipelineConfig) =>
      stream(config)
        .keyBy('symbol')
        .window(hopping('5s', '1s'))
        .aggregate(e => ({ volume: sum(e.size) }))
        .topN(3, r => desc(r.volume)),
  },
  large: {
    title: 'Large trades per half second',
    text: 'filter, then tumbling 500ms over all symbols',
    make: (config: PipelineConfig) =>
      stream(config)
        .filter(e => e.size.gt(95))
        .window(tumbling('500ms'))
        .aggregate(e => ({ trades: count(), notional: sum(e.price.mul(e.size)), mean: avg(e.price) })),
  },
  sessions: {
    title: 'Bursts by symbol',
    text: 'sessions that end after 20 ms without a trade',
    make: (config: PipelineConfig) =>
      stream(config)
        .keyBy('symbol')
        .window(session('20ms'))
        .aggregate(e => ({ trades: count(), high: max(e.price) })),
  },
} as const

export type QueryName = keyof typeof queries
export const queryNames = Object.keys(queries) as QueryName[]
