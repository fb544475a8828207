import { expect, test } from 'vitest'
import { tableSink } from '../../src/cli/table-sink.ts'
import { i64, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

test('a table shows lists, those of i64 with all their digits', async () => {
  // What stands in a column of results may be a list, which no schema has a type for.
  const { fields } = schema({ names: utf8(), ids: i64() })
  let text = ''
  const sink = tableSink({ name: 'text', write: bytes => void (text += new TextDecoder().decode(bytes)) }, fields)
  await sink.write({ names: ['a', 'b'], ids: [9_007_199_254_740_993n, -1n] })
  await sink.close?.()
  expect(text).toContain('["a","b"]')
  expect(text).toContain('["9007199254740993","-1"]')
})
