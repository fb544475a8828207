import { expect, it } from 'vitest'
import { f64, pipeline, schema } from '../../src/index.ts'

const unreadable = Object.defineProperty(new Error(), 'message', {
  get() {
    throw new Error('a getter')
  },
})

it.each([
  ['text', 'text'],
  [undefined, 'undefined'],
  [Symbol('s'), 'Symbol(s)'],
  [new RangeError('a range'), 'a range'],
  [Object.create(null), 'an object'],
  [unreadable, 'an object'],
])('whatever a function throws, the error names its stage and has it as cause: %#', async (thrown, message) => {
  const job = await pipeline(schema({ x: f64() }))
    .filterRows(
      () => {
        throw thrown
      },
      { name: 'thrower' },
    )
    .run({ sink: [] })
  job.push({ x: 1 })
  const error = await job.done.then(undefined, failure => failure)
  expect([error.code, error.at, error.message]).toEqual([
    'STAGE_FAILED',
    'thrower',
    `"thrower" failed on a row: ${message}`,
  ])
  expect(Object.is(error.cause, thrown)).toBe(true)
})
