import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { literalNode } from '../../src/expression/literal.ts'
import type { ExpressionNode, FunctionName } from '../../src/expression/node.ts'
import type { WatermarkTrack } from '../../src/memory/record-batch.ts'
import type { InputColumn } from '../../src/operators/evaluator/evaluation-frame.ts'
import { ProjectOperator } from '../../src/operators/project.ts'
import { evaluate, FunctionFailed, Overflow, type Row, type Value } from '../plan/scalar-interpreter.ts'
import { BatchFixture, Collector, ENGINES } from './batch-fixture.ts'
import { COLUMNS, randomExpression, randomRow } from './random-expression.ts'

const column = (name: string): ExpressionNode => ({ kind: 'column', name })
const call = (fn: FunctionName, ...args: ExpressionNode[]): ExpressionNode => ({ kind: 'call', fn, args })

function expectedRows(nodes: readonly ExpressionNode[], rows: readonly Row[], alive: readonly number[]) {
  try {
    return alive.map(row => nodes.map((node): Value => evaluate(node, rows[row]!)))
  } catch (error) {
    if (error instanceof Overflow || error instanceof FunctionFailed) return undefined
    throw error
  }
}

describe.each(ENGINES)('project on the %s engine', engine => {
  function connect(fixture: BatchFixture, nodes: readonly ExpressionNode[]) {
    const next = new Collector(fixture.context)
    let announced: readonly InputColumn[] = []
    const project = new ProjectOperator({
      expressions: nodes.map((expression, i) => ({ name: `c${i}`, expression })),
      columns: fixture.columns,
      context: fixture.context,
      next: columns => {
        announced = columns
        return next
      },
    })
    return { next, project, announced: () => announced }
  }

  it.each([1, 2, 7, 64, 4096])('computes what the rules say for every row alive, in batches of %i', size => {
    const fixture = new BatchFixture(engine, COLUMNS, size)
    fc.assert(
      fc.property(
        fc.array(randomExpression.any, { minLength: 1, maxLength: 4 }),
        fc.array(randomRow, { minLength: Math.min(size, 48), maxLength: Math.min(size, 48) }),
        fc.infiniteStream(fc.boolean()),
        fc.boolean(),
        (nodes, some, coins, hasSelection) => {
          const rows = Array.from({ length: size }, (_, i) => some[(i * 7) % some.length]!)
          const { next, project } = connect(fixture, nodes)
          const alive = rows.map((_, i) => i).filter(() => !hasSelection || coins.next().value)
          const batch = fixture.write(rows, hasSelection ? alive : undefined)
          const expected = expectedRows(nodes, rows, alive)
          if (expected === undefined) {
            expect(() => project.process(batch)).toThrow(
              expect.objectContaining({ code: expect.stringMatching(/^(OVERFLOW|STAGE_FAILED)$/) }),
            )
            project.close()
            return
          }
          expect(project.process(batch)).toBe(true)
          expect(next.rows).toEqual(expected)
          expect(next.origins).toEqual(alive)
          expect([project.rowsIn, project.rowsOut]).toEqual([alive.length, alive.length])
          project.close()
        },
      ),
      { numRuns: size === 4096 ? 10 : 80 },
    )
  })

  it('announces the columns it puts out before the next operator is made', () => {
    const fixture = new BatchFixture(engine, { t: 'utf8', n: 'i32?' }, 8)
    const { announced, project } = connect(fixture, [
      column('t'),
      call('add', column('n'), column('n')),
      call('coalesce', column('t'), literalNode('x', 'utf8')),
      literalNode('constant', 'utf8'),
    ])
    expect(announced().map(({ name, type }) => [name, type.name, type.isNullable])).toEqual([
      ['c0', 'utf8', false],
      ['c1', 'f64', true],
      ['c2', 'utf8', false],
      ['c3', 'utf8', false],
    ])
    const dictionaries = announced().map(each => each.dictionary)
    expect(dictionaries[0]).toBe(fixture.columns[0]!.dictionary)
    expect(dictionaries[1]).toBeUndefined()
    expect(project.dictionaries).toEqual([dictionaries[2], dictionaries[3]])
  })

  it('leaves selection, origin, watermarks and columns handed through where they are', () => {
    const fixture = new BatchFixture(engine, { x: 'f64', n: 'i32' }, 8)
    const { next, project } = connect(fixture, [column('n'), call('neg', column('x'))])
    const watermarks: WatermarkTrack = { length: 0, least: 0, greatest: 0, firstRowReaching: () => 0, after: () => 0 }
    const rows = [
      { x: 1, n: 10 },
      { x: 2, n: 20 },
      { x: 3, n: 30 },
    ]
    const batch = fixture.write(rows, [0, 2], { origin: [5, 6, 9], watermarks })
    project.process(batch)
    const { length, selection, selectedCount, origin } = batch
    expect(next.batches[0]).toMatchObject({ length, selection, selectedCount, origin, watermarks })
    expect(next.batches[0]!.columns[0]).toBe(batch.columns[1])
    expect(next.rows).toEqual([
      [10, -1],
      [30, -3],
    ])
    expect(next.origins).toEqual([5, 9])
  })

  it('passes backpressure, watermarks, codes and the end through, and sends one batch object', () => {
    const fixture = new BatchFixture(engine, { x: 'f64' }, 8)
    const before = fixture.context.arena.bytesInUse
    const { next, project } = connect(fixture, [call('abs', column('x'))])
    next.accepts = false
    expect(project.process(fixture.write([{ x: -1 }]))).toBe(false)
    expect(project.resume()).toBe(false)
    next.accepts = true
    expect(project.resume()).toBe(true)
    expect(project.process(fixture.write([{ x: -2 }]))).toBe(true)
    expect(new Set(next.batches).size).toBe(1)
    expect(project.advanceWatermark(3)).toBe(true)
    expect(next.watermarks).toEqual([3])
    expect(project.kernelsUsed()).toEqual(['absF64'])
    project.close()
    expect(next.isClosed).toBe(true)
    expect(fixture.context.arena.bytesInUse).toBe(before)
  })
})
