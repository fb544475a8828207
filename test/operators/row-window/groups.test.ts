import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { count, sum } from '../../../src/expression/aggregates.ts'
import type { NumberExpression } from '../../../src/expression/expression.ts'
import type { WindowOutput } from '../../../src/time/window-kinds/parameters.ts'
import { aggregatesOf } from './aggregate-models.ts'
import { KINDS, type Run, runArbitrary } from './random-runs.ts'
import { type Chunk, type ModelRow, modelOf } from './window-models.ts'
import { models, runRows } from './window-run.ts'

interface Query extends Run {
  readonly output: WindowOutput
  readonly isGrouped: boolean
  /** `having`: most rows of the group; left out, every row comes out. */
  readonly most: number | undefined
}

interface Out {
  readonly id: number
  readonly n: number
  readonly total: number | null
}

const query = (kind: string): fc.Arbitrary<Query> =>
  fc
    .tuple(
      runArbitrary(KINDS[kind]!),
      fc.constantFrom<WindowOutput>('current', 'expired', 'all'),
      fc.boolean(),
      fc.constantFrom(undefined, 1, 2),
    )
    .map(([run, output, isGrouped, most]) => ({ ...run, output, isGrouped, most }))

async function run({ spec, rows, end, maxBatch, engine, output, isGrouped, most }: Query): Promise<Out[]> {
  const window = { ...spec, output, ...('rows' in spec && { rows: 'last' }) } as typeof spec
  const stream = models({ engine, maxBatch })
    .window(window)
    .aggregate((e, row) => ({ id: row.id, n: count(), total: sum(e.v) }), {
      groupBy: (isGrouped ? ['k'] : []) as never[],
      ...(most !== undefined && { having: ((r: { n: NumberExpression }) => r.n.le(most)) as never }),
    })
  return (await runRows<Out>(stream, rows, end)).map(({ id, n, total }) => ({ id, n, total }))
}

/** Of each chunk every row, or of a batch the last of each group: those that meet `having`, which are shown at all. */
function expectedOf(chunks: readonly Chunk[], { spec, output, isGrouped, most }: Query): Out[] {
  let held: ModelRow[] = []
  return chunks.flatMap(chunk => {
    const shown: { readonly group: string; readonly out: Out }[] = []
    for (const event of chunk) {
      if (event.kind === 'reset') {
        held = []
        continue
      }
      const { row } = event
      held = event.kind === 'current' ? [...held, row] : held.filter(({ id }) => id !== row.id)
      const group = isGrouped ? row.k : ''
      const { rows: n, sum: total } = aggregatesOf(held.filter(({ k }) => !isGrouped || k === group).map(({ v }) => v))
      if ((output === 'all' || output === event.kind) && (most === undefined || n <= most))
        shown.push({ group, out: { id: row.id, n, total } })
    }
    if (!('rows' in spec)) return shown.map(({ out }) => out)
    const last = new Map<string, Out>()
    for (const { group, out } of shown) last.set(group, out)
    return [...last.values()]
  })
}

describe.each(Object.keys(KINDS))('%s', kind => {
  it('gives of its rows, or of a batch the last of each group, those that meet having', async () => {
    let seen = 0
    await fc.assert(
      fc.asyncProperty(query(kind), async given => {
        const expected = expectedOf(modelOf(given.spec, given.rows, given.end), given)
        expect(await run(given)).toEqual(expected)
        seen += expected.length
      }),
      { numRuns: 40 },
    )
    expect(seen).toBeGreaterThan(20)
  })
})
