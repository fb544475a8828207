import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RECORD_ROWS } from '../../../assembly/abi.ts'
import { checkDefinition } from '../../../src/expression/aggregate-definition.ts'
import { inferAggregate } from '../../../src/expression/aggregate-rules.ts'
import { inferType } from '../../../src/expression/infer-type.ts'
import type { AggregateName, AggregateNode, ColumnNode } from '../../../src/expression/node.ts'
import { RecordLayout } from '../../../src/operators/window/record-layout.ts'
import { lowerAggregate } from '../../../src/plan/lower-aggregate.ts'
import { BYTE_WIDTH, type DataType } from '../../../src/schema/data-type.ts'
import { schemaFrom } from '../../../src/schema/schema.ts'
import type { Row } from '../../plan/scalar-interpreter.ts'
import { BatchFixture, ENGINES, type EngineName } from '../batch-fixture.ts'

const MOST_ROWS = 700
const COLUMNS = { time: 'timestamp', x: 'f64?', n: 'i32', l: 'i64', t: 'utf8?' } as const
const GROUPS = 3

const column = (name: string): ColumnNode => ({ kind: 'column', name })
const call = (fn: AggregateName, columns: readonly string[], ...parameters: readonly number[]): AggregateNode => ({
  kind: 'aggregate',
  fn,
  args: [...columns.map(column), ...parameters.map(value => ({ kind: 'literal', type: 'f64', value }) as const)],
})
const definition = checkDefinition({
  create: () => ({ sum: 0n }),
  add: (kept: { sum: bigint }, value: bigint) => ({ sum: kept.sum + value }),
  merge: (kept: { sum: bigint }, other: { sum: bigint }) => ({ sum: kept.sum + other.sum }),
  result: (kept: { sum: bigint }) => kept.sum,
})

/** Every aggregate that keeps something outside of its record, over columns that need no preparation. */
const CALLS: readonly AggregateNode[] = [
  call('distinctCount', ['x']),
  call('distinctCount', ['t']),
  call('distinctCount', ['l']),
  call('approxDistinct', ['x']),
  call('approxDistinct', ['t']),
  call('percentile', ['x'], 0.3),
  call('percentileSketch', ['x'], 0.3, 0.01),
  call('topK', ['n'], 3),
  call('bottomK', ['l'], 3),
  call('collect', ['t'], 5),
  call('collectSet', ['n'], 5),
  { ...call('user', ['l']), definition },
]

/** A few records of a layout in one memory. */
class Records {
  readonly fixture: BatchFixture
  readonly layout: RecordLayout
  readonly #records: number
  readonly #addresses: number
  readonly #out: number
  readonly #types: readonly DataType[]
  #rank = 1

  constructor(engine: EngineName) {
    const fixture = new BatchFixture(engine, COLUMNS, MOST_ROWS)
    const { context, columns } = fixture
    const schema = schemaFrom(columns.map(({ name, type }) => [name, type]))
    const indexOf = (name: string): number => columns.findIndex(each => each.name === name)
    const lowered = CALLS.map(node => {
      const types = node.args.map(arg => inferType(arg, schema))
      const { isNullable } = inferAggregate(node, types)
      const aggregate = lowerAggregate(node, schema, isNullable, argument => indexOf((argument as ColumnNode).name))
      return { ...aggregate, dictionary: columns[aggregate.column]?.dictionary }
    })
    this.fixture = fixture
    this.#types = lowered.map(({ output }) => output)
    this.layout = new RecordLayout(context, lowered)
    this.#records = context.arena.allocateZeroed(this.layout.recordBytes * GROUPS)
    this.#addresses = context.arena.allocateZeroed(MOST_ROWS * 4)
    this.#out = context.arena.allocateZeroed(64)
    for (let group = 0; group < GROUPS; group++) this.clear(group)
  }

  get bytesInUse(): number {
    return this.fixture.context.arena.bytesInUse
  }

  record(group: number): number {
    return this.#records + group * this.layout.recordBytes
  }

  bytesOf(group: number): Uint8Array {
    return this.fixture.memory.u8.slice(this.record(group), this.record(group) + this.layout.recordBytes)
  }

  clear(group: number): void {
    this.layout.release(this.record(group))
    this.fixture.memory.u8.set(this.layout.template, this.record(group))
  }

  add(rows: readonly Row[], groupOf: (row: number) => number): void {
    if (rows.length === 0) return
    const { memory } = this.fixture
    const batch = this.fixture.write(rows)
    const addresses = this.#addresses
    rows.forEach((_, i) => {
      memory.u32[(addresses >>> 2) + i] = this.record(groupOf(i))
      memory.f64[(this.record(groupOf(i)) + RECORD_ROWS) >>> 3]! += 1
    })
    this.layout.accumulate({ batch, addresses, selection: 0, from: 0, to: rows.length, rank: this.#rank })
    this.#rank += rows.length
  }

  /** The records of `targets` take in those of `sources`, one by one. */
  pair(target: number, source: number, use: (targets: number, sources: number) => void): void {
    const { u32 } = this.fixture.memory
    u32[this.#addresses >>> 2] = this.record(target)
    u32[(this.#addresses >>> 2) + 1] = this.record(source)
    use(this.#addresses, this.#addresses + 4)
  }

  results(group: number): unknown[] {
    const { memory } = this.fixture
    return this.layout.finishers.map((finish, i) => {
      const { name, isNullable } = this.#types[i]!
      const objects: unknown[] = []
      memory.u32[this.#addresses >>> 2] = this.record(group)
      const validity = isNullable ? this.#out + 32 : 0
      finish(this.#addresses, 1, { values: this.#out, validity, objects }, 0)
      if (validity !== 0 && (memory.u8[validity]! & 1) === 0) return null
      if (name === 'object') return objects[memory.u32[this.#out >>> 2]!]
      expect(BYTE_WIDTH[name]).toBe(8)
      return memory.f64[this.#out >>> 3]
    })
  }
}

const rowsOf = (count: number, seed: number): Row[] =>
  Array.from({ length: count }, (_, i) => {
    const mixed = Math.imul(i + seed, 0x9e3779b1) >>> 0
    return {
      time: i,
      x: mixed % 7 === 0 ? null : (mixed % 997) / 4 - 20,
      n: mixed % 31,
      l: BigInt(mixed % 613) - 300n,
      t: mixed % 5 === 0 ? null : `t${mixed % 389}`,
    }
  })
const lengths = fc.constantFrom(0, 1, 5, 40, MOST_ROWS)

describe.each(ENGINES)('a record layout on %s', engine => {
  it('combines records into what one record of all their rows is', () => {
    fc.assert(
      fc.property(lengths, lengths, fc.nat(), (one, other, seed) => {
        const records = new Records(engine)
        const first = rowsOf(one, seed)
        const second = rowsOf(other, seed + 7)
        records.add(first, () => 0)
        records.add(second, () => 1)
        const before = records.results(1)
        records.pair(0, 1, (target, source) => records.layout.combine(target, source, 1))
        records.add(first, () => 2)
        records.add(second, () => 2)
        expect(records.results(0)).toEqual(records.results(2))
        expect(records.results(1)).toEqual(before)
      }),
      { numRuns: 25 },
    )
  })

  it('takes rows of many records at once as it takes them one by one', () => {
    const rows = rowsOf(MOST_ROWS, 3)
    const together = new Records(engine)
    const apart = new Records(engine)
    together.add(rows, i => i % GROUPS)
    for (const [i, row] of rows.entries()) apart.add([row], () => i % GROUPS)
    for (let group = 0; group < GROUPS; group++) expect(together.results(group)).toEqual(apart.results(group))
  })

  it('gives everything back that a record holds, and lets the next one begin anew', () => {
    const records = new Records(engine)
    // The hashes of texts are kept by code, whether a record needs them or not.
    records.add(rowsOf(MOST_ROWS, 2), () => 0)
    records.clear(0)
    const before = records.bytesInUse
    const fields: Uint8Array[] = []
    for (let round = 0; round < 4; round++) {
      records.add(rowsOf(MOST_ROWS, 2), i => i % GROUPS)
      expect(records.bytesInUse).toBeGreaterThan(before + 20_000)
      for (let group = 0; group < GROUPS; group++) {
        fields.push(records.bytesOf(group))
        records.clear(group)
        records.layout.release(records.record(group))
      }
      expect(records.bytesInUse).toBe(before)
      expect(records.results(0)).toEqual(new Records(engine).results(0))
    }
    // The numbers of values kept in TypeScript are used again: records of later rounds hold no others.
    const handles = (round: number) => {
      const at = records.layout.recordBytes - 5 * 8
      return [0, 1, 2].flatMap(group => [...new Uint32Array(fields[round * GROUPS + group]!.slice(at).buffer)]).sort()
    }
    expect(handles(3)).toEqual(handles(0))
  })

  it('gives a copy of a record its own copy of what it holds outside', () => {
    const records = new Records(engine)
    records.add(rowsOf(300, 1), () => 0)
    const before = records.results(0)
    const held = records.bytesInUse
    const { u8 } = records.fixture.memory
    u8.set(records.bytesOf(0), records.record(1))
    records.pair(1, 0, (target, source) => records.layout.copyOwned(target, source))
    expect(records.results(1)).toEqual(before)
    records.add(rowsOf(400, 9), () => 1)
    expect(records.results(1)).not.toEqual(before)
    expect(records.results(0)).toEqual(before)
    records.clear(1)
    expect(records.results(0)).toEqual(before)
    expect(records.bytesInUse).toBe(held)
  })

  it('says which codes its records hold', () => {
    const records = new Records(engine)
    const { dictionary } = records.fixture.columns.find(({ name }) => name === 't')!
    const rows = rowsOf(100, 5)
    records.add(rows, () => 0)
    const marked = new Set<number>()
    records.layout.markCodes(dictionary!, records.record(0), code => marked.add(code))
    const texts = new Set(rows.flatMap(({ t }) => (t === null ? [] : [t as string])))
    expect([...marked].map(code => dictionary!.decode(code)).sort()).toEqual([...texts].sort())
    expect(records.layout.holdsCodesOf(dictionary!)).toBe(true)
  })
})
