import { describe, expect, it } from 'vitest'
import { pipeline } from '../../src/packaged.ts'
import { i32, utf8 } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'

const ROWS = 20_000

describe.each(['wasm', 'js'] as const)('much text that is new, on the %s engine', engine => {
  it('stays as it is when a function over rows makes it, from the first batch on', async () => {
    const rows: { name: string }[] = []
    const job = await pipeline(schema({ n: i32() }), { engine })
      .mapRows(schema({ name: utf8() }), ({ n }) => ({ name: `name ${n}` }))
      .run({ sink: rows })
    await job.pushColumns({ n: Int32Array.from({ length: ROWS }, (_, i) => i) })
    await job.drain()
    expect(rows.map(({ name }) => name)).toEqual(Array.from({ length: ROWS }, (_, i) => `name ${i}`))
  })

  it('stays as it is when it comes as positions in a long list, and so does what is made of it', async () => {
    const list = Array.from({ length: 5_000 }, (_, i) => `a${i}/b${i * 7}/c${i * 11}`)
    const positions = Int32Array.from({ length: ROWS }, (_, i) => Math.imul(i, 7_919) % list.length)
    const rows: { path: string; middle: string | null }[] = []
    const job = await pipeline(schema({ path: utf8() }), { engine, maxKeys: 6_000 })
      .project(e => ({ path: e.path, middle: e.path.splitPart('/', 1) }))
      .run({ sink: rows })
    for (let from = 0; from < ROWS; from += 3_000)
      await job.pushColumns({ path: { codes: positions.subarray(from, from + 3_000), dictionary: list } })
    await job.drain()
    expect(rows).toEqual(
      Array.from(positions, position => ({ path: list[position]!, middle: list[position]!.split('/')[1]! })),
    )
  })
})
