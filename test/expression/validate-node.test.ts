import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventfluxError } from '../../src/errors.ts'
import { inferType } from '../../src/expression/infer-type.ts'
import { validateNode, validateResultNode } from '../../src/expression/validate-node.ts'
import { expressionOf, KINDS, resultOf } from '../plan/expression-arbitraries.ts'
import { everyType } from '../plan/plan-arbitraries.ts'
import { tapes } from '../plan/tape.ts'

const refused = expect.objectContaining({ code: 'EXPRESSION_INVALID' })
const column = { kind: 'column', name: 'd' }

describe('validateNode', () => {
  it('gives back every well-formed node, fresh and frozen', () => {
    fc.assert(
      fc.property(tapes(200), fc.constantFrom(...KINDS), (tape, kind) => {
        const node = expressionOf(kind, everyType, tape, 4)
        const validated = validateNode(JSON.parse(JSON.stringify(node)))
        expect(validated).toEqual(node)
        expect(Object.isFrozen(validated)).toBe(true)
        const result = resultOf(everyType, tape)
        expect(validateResultNode(JSON.parse(JSON.stringify(result)))).toEqual(result)
      }),
    )
  })

  it.each([
    null,
    undefined,
    1,
    'd',
    [],
    {},
    { kind: 'column' },
    { kind: 'column', name: 5 },
    { kind: 'literal', type: 'f64' },
    { kind: 'literal', type: 'toString', value: 1 },
    { kind: 'literal', type: 'i64', value: 5 },
    { kind: 'literal', type: 'i64', value: '9223372036854775808' },
    { kind: 'literal', type: 'i64', value: '0x10' },
    { kind: 'literal', type: 'f64', value: 'one' },
    { kind: 'literal', type: 'i32', value: 1.5 },
    { kind: 'literal', type: 'i32', value: 2 ** 31 },
    { kind: 'literal', type: 'timestamp', value: 2 ** 53 },
    { kind: 'literal', type: 'bool', value: 'true' },
    { kind: 'literal', type: 'utf8', value: {} },
    { kind: 'call', fn: 'constructor', args: [column] },
    { kind: 'call', fn: '__proto__', args: [column] },
    { kind: 'call', fn: 'eval', args: [column] },
    { kind: 'call', fn: 'add', args: { 0: column, length: 1 } },
    { kind: 'call', fn: 'add' },
    { kind: 'call', fn: 'add', args: [column, null] },
    { kind: 'call', fn: 'coalesce', args: { length: 2 ** 31 } },
    { kind: 'aggregate', fn: 'sum', args: [column] },
  ])('refuses %j', given => {
    expect(() => validateNode(given)).toThrow(refused)
  })

  it('refuses results with a bare column, a nested aggregate or an unknown one', () => {
    const sum = { kind: 'aggregate', fn: 'sum', args: [column] }
    expect(validateResultNode(sum)).toEqual(sum)
    for (const given of [
      column,
      { kind: 'call', fn: 'add', args: [sum, column] },
      { kind: 'aggregate', fn: 'sum', args: [sum] },
      { kind: 'aggregate', fn: 'valueOf', args: [] },
    ])
      expect(() => validateResultNode(given)).toThrow(refused)
  })

  it('refuses trees that are too deep or too large, cycles among them', () => {
    const nest = (depth: number): unknown =>
      depth <= 1 ? column : { kind: 'call', fn: 'neg', args: [nest(depth - 1)] }
    expect(validateNode(nest(256))).toBeDefined()
    expect(() => validateNode(nest(257))).toThrow(refused)
    const cycle: Record<string, unknown> = { kind: 'call', fn: 'neg' }
    cycle.args = [cycle]
    expect(() => validateNode(cycle)).toThrow(refused)
    expect(() => validateNode({ kind: 'call', fn: 'coalesce', args: new Array(10_000).fill(column) })).toThrow(refused)
    let doubling: unknown = column
    for (let i = 0; i < 40; i++) doubling = { kind: 'call', fn: 'add', args: [doubling, doubling] }
    expect(() => validateNode(doubling)).toThrow(refused)
  })

  it('keeps no property a node does not have, and pollutes nothing', () => {
    const given = JSON.parse('{"kind":"column","name":"d","__proto__":{"polluted":true},"extra":1}')
    expect(Object.keys(validateNode(given))).toEqual(['kind', 'name'])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })

  it('answers any JSON with a node or a typed error', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('column', 'literal', 'call', 'aggregate'), (value, kind) => {
        for (const given of [value, { kind, name: value, fn: 'add', type: 'f64', value, args: [value] }]) {
          try {
            inferType(validateNode(given), everyType)
          } catch (error) {
            expect(error).toBeInstanceOf(EventfluxError)
          }
        }
      }),
    )
  })
})
