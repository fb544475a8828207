import { expect, it } from 'vitest'
import { pipeline } from '../../src/packaged.ts'
import { i32 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

it('pipelines of this run have rings of two rows and batches of two', () => {
  const { bufferSize, maxBatch } = pipeline(schema({ id: i32() })).config
  expect({ bufferSize, maxBatch }).toEqual({ bufferSize: 2, maxBatch: 2 })
})
