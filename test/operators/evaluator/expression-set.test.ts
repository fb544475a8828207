import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { literalNode } from '../../../src/expression/literal.ts'
import type { ExpressionNode, FunctionName } from '../../../src/expression/node.ts'
import type { EvaluationContext } from '../../../src/operators/evaluator/evaluation-frame.ts'
import { ExpressionSet } from '../../../src/operators/evaluator/expression-set.ts'
import type { KernelExports, KernelName } from '../../../src/wasm/exports.ts'
import { BatchFixture, ENGINES } from '../batch-fixture.ts'

const column = (name: string): ExpressionNode => ({ kind: 'column', name })
const call = (fn: FunctionName, ...args: ExpressionNode[]): ExpressionNode => ({ kind: 'call', fn, args })
const number = (value: number) => literalNode(value, 'f64')
const big = (value: bigint) => literalNode(value, 'i64')

/** The same context with every kernel call written down. */
function recording(context: EvaluationContext): { context: EvaluationContext; calls: string[] } {
  const calls: string[] = []
  const kernels = new Proxy(
    { ...context.kernels },
    {
      get: (target, name: KernelName) => {
        const kernel = target[name] as (...args: never[]) => unknown
        return (...args: never[]) => {
          calls.push(name)
          return kernel(...args)
        }
      },
    },
  ) as KernelExports
  return { context: { ...context, kernels }, calls }
}

describe.each(ENGINES)('an expression set on the %s engine', engine => {
  it('computes a subexpression that occurs several times once per batch, and casts a column once', () => {
    const fixture = new BatchFixture(engine, { price: 'f64', size: 'i32' }, 4)
    const { context, calls } = recording(fixture.context)
    const set = new ExpressionSet(fixture.columns, context)
    const notional = call('mul', column('price'), column('size'))
    const expressions = [notional, call('add', notional, number(1)), call('gt', notional, column('size'))].map(node =>
      set.compile(node),
    )
    for (let batch = 0; batch < 2; batch++) {
      calls.length = 0
      set.bind(fixture.write([{ price: 1.5, size: 4 }]))
      expect(expressions.map(each => fixture.read(each.evaluate(), 0))).toEqual([6, 7, true])
      expect(calls).toEqual(['castI32F64', 'mulF64ColCol', 'addF64ColConst', 'ltF64ColCol'])
    }
    expect(expressions[2]!.kernelsUsed()).toEqual(['castI32F64', 'mulF64ColCol', 'ltF64ColCol'])
  })

  it('hands a column through without a copy and without a kernel call', () => {
    const fixture = new BatchFixture(engine, { price: 'f64' }, 4)
    const { context, calls } = recording(fixture.context)
    const set = new ExpressionSet(fixture.columns, context)
    const price = set.compile(column('price'))
    const batch = fixture.write([{ price: 1 }])
    set.bind(batch)
    expect(price.evaluate()).toBe(batch.columns[0])
    expect(calls).toEqual([])
  })

  it('touches validity only in batches that have nulls', () => {
    const fixture = new BatchFixture(engine, { a: 'f64?', b: 'f64?' }, 4)
    const { context, calls } = recording(fixture.context)
    const set = new ExpressionSet(fixture.columns, context)
    const sum = set.compile(call('add', column('a'), column('b')))
    set.bind(fixture.write([{ a: 1, b: 2 }]))
    expect(sum.evaluate().validity).toBe(0)
    expect(calls).toEqual(['addF64ColCol'])
    set.bind(
      fixture.write([
        { a: 1, b: null },
        { a: null, b: 2 },
      ]),
    )
    expect(sum.evaluate().validity).not.toBe(0)
    expect(calls).toEqual(['addF64ColCol', 'addF64ColCol', 'andBits'])
  })

  it('allocates nothing after its first batch and gives everything back', () => {
    const fixture = new BatchFixture(engine, { x: 'f64?', m: 'i64', t: 'utf8?' }, 64)
    const { arena } = fixture.context
    const before = arena.bytesInUse
    const set = new ExpressionSet(fixture.columns, fixture.context)
    const nodes = [
      call('coalesce', call('div', column('x'), number(3)), number(0)),
      call('add', column('m'), big(1n)),
      call('toUtf8', column('m')),
      call('if', call('eq', column('t'), literalNode('a', 'utf8')), literalNode('is a', 'utf8'), column('t')),
    ]
    const expressions = nodes.map(node => set.compile(node))
    const rows = Array.from({ length: 64 }, (_, i) => ({ x: i % 3 ? i : null, m: BigInt(i), t: i % 2 ? 'a' : null }))
    const run = () => {
      set.bind(fixture.write(rows))
      return expressions.map(each => each.evaluate())
    }
    const first = run()
    const after = arena.bytesInUse
    for (let i = 0; i < 100; i++) expect(run().every((vector, at) => vector === first[at])).toBe(true)
    expect(arena.bytesInUse).toBe(after)
    expect(after).toBeGreaterThan(before)
    set.close()
    expect(arena.bytesInUse).toBe(before)
  })

  it('writes arithmetic over an operand that nobody else reads, and needs a column for all of it', () => {
    const bytes = (...nodes: ExpressionNode[]) => {
      const fixture = new BatchFixture(engine, { x: 'f64' }, 1_024)
      const { arena } = fixture.context
      const set = new ExpressionSet(fixture.columns, fixture.context)
      const before = arena.bytesInUse
      const expressions = nodes.map(node => set.compile(node))
      set.bind(fixture.write([{ x: 5 }]))
      expect(expressions.map(each => fixture.read(each.evaluate(), 0))).toEqual(nodes.map((_, i) => [-11, 12, 13][i]))
      return arena.bytesInUse - before
    }
    const sum = call('add', call('mul', column('x'), number(2)), number(1))
    const negative = call('neg', sum)
    expect(bytes(negative)).toBe(8_192)
    // Who reads the sum besides gets it as it is; the next sum over it is a column more.
    expect(bytes(negative, call('add', sum, number(1)))).toBe(3 * 8_192)
    expect(bytes(negative, call('add', sum, number(1)), call('add', sum, number(2)))).toBe(4 * 8_192)
  })

  it('computes a product with a number along with the sum over it, and by itself only where somebody else reads it', () => {
    const product = call('mul', call('neg', column('x')), number(3))
    const sums = [call('add', product, column('y')), call('add', column('y'), product)]
    const cases: [ExpressionNode[], KernelName[], number, (number | null)[][]][] = [
      [[sums[0]!], ['negF64', 'mulAddF64ColConstCol'], 1, [[-2, null]]],
      [[sums[1]!], ['negF64', 'mulAddF64ColConstCol'], 1, [[-2, null]]],
      [
        [sums[0]!, product],
        ['negF64', 'mulAddF64ColConstCol', 'mulF64ColConst'],
        3,
        [
          [-2, null],
          [-6, -9],
        ],
      ],
      [
        [sums[0]!, call('neg', column('x'))],
        ['negF64', 'mulAddF64ColConstCol'],
        2,
        [
          [-2, null],
          [-2, -3],
        ],
      ],
    ]
    for (const [nodes, kernels, columns, values] of cases) {
      const fixture = new BatchFixture(engine, { x: 'f64', y: 'f64?' }, 1_024)
      const { arena } = fixture.context
      const { context, calls } = recording(fixture.context)
      const set = new ExpressionSet(fixture.columns, context)
      const before = arena.bytesInUse
      const expressions = nodes.map(node => set.compile(node))
      set.bind(
        fixture.write([
          { x: 2, y: 4 },
          { x: 3, y: null },
        ]),
      )
      const vectors = expressions.map(each => each.evaluate())
      expect(vectors.map(vector => [0, 1].map(row => fixture.read(vector, row)))).toEqual(values)
      expect(calls).toEqual(kernels)
      expect(Math.floor((arena.bytesInUse - before) / 8_192)).toBe(columns)
      expect(expressions[0]!.kernelsUsed()).toEqual(['negF64', 'mulAddF64ColConstCol'])
    }
  })

  it('gives each result as it is, whoever else reads what it is made of, whatever is asked for first', () => {
    type Value = number | null
    const verbs: Record<string, (a: number, b: number) => Value> = {
      add: (a, b) => a + b,
      sub: (a, b) => a - b,
      mul: (a, b) => a * b,
      div: (a, b) => (b === 0 ? null : a / b),
      mod: (a, b) => (b === 0 ? null : a % b),
      neg: a => -a,
      abs: a => Math.abs(a),
    }
    const value = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.constant(null))
    const made = fc.array(fc.tuple(fc.constantFrom(...Object.keys(verbs)), fc.nat(), fc.nat()), {
      minLength: 1,
      maxLength: 12,
    })
    const picked = fc.array(fc.nat(), { minLength: 1, maxLength: 5 })
    const given = fc.array(fc.record({ x: value, y: value }), { minLength: 1, maxLength: 9 })
    fc.assert(
      fc.property(made, picked, given, (steps, roots, rows) => {
        const fixture = new BatchFixture(engine, { x: 'f64?', y: 'f64?' }, 16)
        const set = new ExpressionSet(fixture.columns, fixture.context)
        const nodes = [column('x'), column('y')]
        const wanted = [rows.map(({ x }): Value => x), rows.map(({ y }): Value => y)]
        for (const [verb, i, j] of steps) {
          const [a, b] = [i % nodes.length, j % nodes.length]
          const isUnary = verb === 'neg' || verb === 'abs'
          nodes.push(call(verb as FunctionName, nodes[a]!, ...(isUnary ? [] : [nodes[b]!])))
          const [left, right] = [wanted[a]!, isUnary ? wanted[a]! : wanted[b]!]
          wanted.push(left.map((x, row) => (x === null || right[row] == null ? null : verbs[verb]!(x, right[row]))))
        }
        // The latest first: they are made of most.
        const results = roots.map(root => nodes.length - 1 - (root % nodes.length))
        const expressions = results.map(at => set.compile(nodes[at]!))
        for (let batch = 0; batch < 2; batch++) {
          set.bind(fixture.write(rows))
          const vectors = expressions.map(each => each.evaluate())
          results.forEach((at, i) => {
            expect(rows.map((_, row) => fixture.read(vectors[i]!, row))).toEqual(wanted[at])
          })
        }
      }),
    )
  })

  it('refuses an expression that comes behind a batch', () => {
    const fixture = new BatchFixture(engine, { x: 'f64' }, 4)
    const set = new ExpressionSet(fixture.columns, fixture.context)
    set.bind(fixture.write([{ x: 1 }]))
    expect(() => set.compile(column('x'))).toThrow('before the first batch')
  })

  it('refuses a batch longer than it was made for', () => {
    const fixture = new BatchFixture(engine, { x: 'f64' }, 4)
    const set = new ExpressionSet(fixture.columns, { ...fixture.context, maxBatch: 2 })
    expect(() => set.bind(fixture.write([{ x: 1 }, { x: 2 }, { x: 3 }]))).toThrow(/3 rows.*at most 2/)
  })

  it('names the expression and the operands of an i64 overflow, and no row of a batch that nobody sees', () => {
    const fixture = new BatchFixture(engine, { a: 'i64', b: 'i64' }, 4)
    const set = new ExpressionSet(fixture.columns, fixture.context)
    const product = set.compile(call('mul', column('a'), column('b')))
    set.bind(
      fixture.write([
        { a: 1n, b: 1n },
        { a: 2n ** 62n, b: -3n },
      ]),
    )
    expect(() => product.evaluate()).toThrow(
      expect.objectContaining({
        code: 'OVERFLOW',
        at: 'mul(a, b)',
        value: [2n ** 62n, -3n],
        message: expect.stringMatching(
          /^mul\(a, b\) leaves .* for an event with the operands 4611686018427387904 and -3:/,
        ),
      }),
    )
  })

  it('lets i64 overflow pass in rows that are filtered out, null, or behind a condition', () => {
    const fixture = new BatchFixture(engine, { a: 'i64', b: 'i64?' }, 4)
    const set = new ExpressionSet(fixture.columns, fixture.context)
    const square = call('mul', column('a'), column('a'))
    const isSmall = call('lt', column('a'), big(1000n))
    const guarded = set.compile(call('if', isSmall, square, big(-1n)))
    const bare = set.compile(square)
    const sum = set.compile(call('add', column('a'), column('b')))
    const huge = 2n ** 63n - 1n
    set.bind(
      fixture.write(
        [
          { a: 3n, b: 4n },
          { a: huge, b: null },
          { a: 5n, b: 6n },
        ],
        [0, 2],
      ),
    )
    expect([0, 2].map(row => fixture.read(bare.evaluate(), row))).toEqual([9n, 25n])
    set.bind(
      fixture.write([
        { a: 3n, b: 4n },
        { a: huge, b: null },
        { a: 5n, b: 6n },
      ]),
    )
    expect([0, 1, 2].map(row => fixture.read(guarded.evaluate(), row))).toEqual([9n, -1n, 25n])
    expect([0, 1, 2].map(row => fixture.read(sum.evaluate(), row))).toEqual([7n, null, 11n])
    expect(() => bare.evaluate()).toThrow(expect.objectContaining({ code: 'OVERFLOW' }))
  })

  it('names an unknown column and the known ones', () => {
    const fixture = new BatchFixture(engine, { a: 'f64', b: 'f64' }, 4)
    const set = new ExpressionSet(fixture.columns, fixture.context)
    expect(() => set.compile(column('c'))).toThrow(/"c".*a, b/)
  })
})
