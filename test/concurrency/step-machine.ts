import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import * as abi from '../../assembly/abi.ts'
import { LinearMemory } from '../../src/memory/linear-memory.ts'
import { SharedRing, type SharedRingKind, sharedRingBytes } from '../../src/memory/shared-ring.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { ROOT } from '../source-files.ts'
import { type Event, isLinearizable, type Operation } from './linearizability.ts'

/** Words of a ring's header that more than one thread reads. */
const SHARED_WORDS = [abi.SHARED_HEAD, abi.SHARED_TAIL, abi.SHARED_SEEN_HEAD, abi.SHARED_SEEN_TAIL]

type Steps = Generator<void, number, void>
interface SteppedKernels {
  push(memory: LinearMemory, ring: number, member: number, value: number): Steps
  forcePush(memory: LinearMemory, ring: number, member: number, value: number): Steps
  pop(memory: LinearMemory, ring: number, member: number): Steps
}

/**
 * The twin of a ring's kernels as a step machine: the very source text, in which every function is a generator that yields
 * before each access to memory other threads write or read.
 */
export function steppedKernels(kind: SharedRingKind, edit: (source: string) => string = text => text) {
  const text = ['shared-ring.ts', `${kind}.ts`]
    .map(file => readFileSync(join(ROOT, 'src/kernels', file), 'utf8'))
    .join('\n')
  const edited = edit(text)
  const source = ts.createSourceFile('kernels.ts', edited, ts.ScriptTarget.ES2022, true)
  const functions = source.statements
    .filter(ts.isFunctionDeclaration)
    .filter(({ name }) => name!.text !== `${kind}Kernels`)
  const names = new Set(functions.map(({ name }) => name!.text))
  const stepped = functions.map(each => stepping(each, names))
  const printer = ts.createPrinter()
  const typed = stepped.map(each => printer.printNode(ts.EmitHint.Unspecified, each, source)).join('\n')
  const code = ts.transpile(typed, { target: ts.ScriptTarget.ES2022 })
  const force = names.has('forcePush') ? 'forcePush' : 'forcePush: push'
  const make = new Function('saw', 'Atomics', ...Object.keys(abi), `${code}\nreturn { push, ${force}, pop }`)
  return (saw: <T>(value: T) => T): SteppedKernels => make(saw, Atomics, ...Object.values(abi))
}

/** `access` → `(yield, saw(access))`, for what other threads see; calls of generators → `yield*`. */
export function stepping(declaration: ts.FunctionDeclaration, names: ReadonlySet<string>): ts.FunctionDeclaration {
  const { factory } = ts
  const asStep = (access: ts.Expression): ts.Expression =>
    factory.createParenthesizedExpression(
      factory.createComma(
        factory.createYieldExpression(undefined, undefined),
        factory.createCallExpression(factory.createIdentifier('saw'), undefined, [access]),
      ),
    )
  const isShared = (node: ts.Node): boolean =>
    ts.isElementAccessExpression(node) && /f64$/.test(node.expression.getText()) && /valueAt/.test(node.getText())
  const transform = (context: ts.TransformationContext) => {
    const visit = (node: ts.Node): ts.Node => {
      if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
        const target = node.left
        const isStamp = ts.isElementAccessExpression(target) && /stamps/.test(target.argumentExpression.getText())
        if (isShared(target) || isStamp) {
          const left = ts.visitEachChild(target, visit, context)
          const right = ts.visitNode(node.right, visit) as ts.Expression
          return asStep(factory.createAssignment(left, right))
        }
      }
      const inner = ts.visitEachChild(node, visit, context)
      if (isShared(node)) return asStep(inner as ts.Expression)
      if (!ts.isCallExpression(inner)) return inner
      if (ts.isPropertyAccessExpression(inner.expression)) {
        return /^Atomics\./.test(node.getText()) ? asStep(inner) : inner
      }
      return ts.isIdentifier(inner.expression) && names.has(inner.expression.text)
        ? factory.createParenthesizedExpression(
            factory.createYieldExpression(factory.createToken(ts.SyntaxKind.AsteriskToken), inner),
          )
        : inner
    }
    return (root: ts.FunctionDeclaration): ts.FunctionDeclaration => {
      const body = ts.visitNode(root.body!, visit) as ts.Block
      const star = factory.createToken(ts.SyntaxKind.AsteriskToken)
      return factory.updateFunctionDeclaration(
        root,
        undefined,
        star,
        root.name,
        undefined,
        root.parameters,
        undefined,
        body,
      )
    }
  }
  return ts.transform(declaration, [transform]).transformed[0] as ts.FunctionDeclaration
}

export interface Scenario {
  readonly kind: SharedRingKind
  readonly capacity: number
  /** Values in the ring at first: 100, 101, … */
  readonly filled: number
  /** What each thread does, one operation after the other. */
  readonly threads: readonly (readonly Operation[])[]
  readonly preemptions: number
  /** The ring's first cursor; a lap's start. */
  readonly cursor?: number
}

/** One run of a scenario after the other, step by step, over the same memory. */
class Run {
  history: Event[] = []
  readonly #scenario: Scenario
  readonly #kernels: SteppedKernels
  readonly #memory: LinearMemory
  readonly #ring: SharedRing
  readonly #bytes: number
  #threads: { next: number; steps: Steps | undefined; trace: string; log: string }[] = []
  #current = 0

  constructor(scenario: Scenario, make: ReturnType<typeof steppedKernels>) {
    const { kind, capacity, threads } = scenario
    const shape = { kind, fields: [{ name: 'value', type: f64() }], capacity, members: threads.length + 1 }
    this.#scenario = scenario
    this.#bytes = sharedRingBytes(shape)
    this.#memory = new LinearMemory({ engine: 'js', maxBytes: 65_536 })
    this.#ring = new SharedRing(this.#memory, shape)
    this.#kernels = make(value => {
      const thread = this.#threads[this.#current]
      if (thread) thread.trace += `,${String(value)}`
      return value
    })
  }

  /** From the beginning. */
  restart(): void {
    const { filled, threads, cursor } = this.#scenario
    this.#memory.u8.fill(0, 0, this.#bytes)
    this.#ring.initialise(cursor)
    this.history = []
    this.#threads = threads.map(() => ({ next: 0, steps: undefined, trace: '', log: '' }))
    for (let i = 0; i < filled; i++) this.#alone({ kind: 'push', value: 100 + i })
  }

  /** What decides how it goes on: shared words, what each thread has read, and which call came after which. */
  get key(): string {
    const { header, slots, stamps, values } = this.#ring
    const { u32, f64: f64s } = this.#memory
    let key = ''
    for (const at of SHARED_WORDS) key += `${u32[(header + at) >>> 2]} `
    for (let i = 0; i < slots; i++)
      key += `${stamps === 0 ? '' : u32[(stamps >>> 2) + i]}=${f64s[(values[0]! >>> 3) + i]} `
    for (const { next, trace, log } of this.#threads) key += `${next}:${trace}:${log} `
    return key
  }

  get enabled(): number[] {
    return this.#threads.flatMap(({ next }, i) => (next < this.#scenario.threads[i]!.length ? [i] : []))
  }

  step(thread: number): void {
    this.#current = thread
    const state = this.#threads[thread]!
    const operation = this.#scenario.threads[thread]![state.next]!
    if (state.steps === undefined) {
      this.history.push({ type: 'call', thread, operation })
      state.log += `(${this.#threads.map(({ next }) => next).join('')}`
      state.steps = this.#start(operation, thread)
    }
    const { done, value } = state.steps.next()
    if (done !== true) return
    const result = this.#result(operation, value, thread)
    this.history.push({ type: 'return', thread, result })
    state.log += `${result})`
    state.steps = undefined
    state.trace = ''
    state.next++
  }

  /** Empties the ring when all threads are done, and says what is wrong with the whole history. */
  fault(): string | undefined {
    const { capacity } = this.#scenario
    if (this.#ring.length > capacity) return 'longer than its capacity'
    for (let i = 0; i <= capacity; i++) this.#alone({ kind: 'pop' })
    if (this.#ring.length !== 0) return 'not empty after it was emptied'
    const counted = (counter: number): number => this.#ring.counted(counter)
    const inside = counted(abi.MEMBER_ACCEPTED) - counted(abi.MEMBER_DELIVERED) - counted(abi.MEMBER_EVICTED)
    if (inside !== 0) return `${inside} events unaccounted for`
    return isLinearizable(capacity, this.history) ? undefined : 'no order of a first-in-first-out list explains it'
  }

  /** An operation nobody disturbs. */
  #alone(operation: Operation): void {
    const thread = this.#threads.length
    this.#current = -1
    this.history.push({ type: 'call', thread, operation })
    const steps = this.#start(operation, thread)
    let step = steps.next()
    while (step.done !== true) step = steps.next()
    this.history.push({ type: 'return', thread, result: this.#result(operation, step.value, thread) })
  }

  #start(operation: Operation, thread: number): Steps {
    const member = this.#ring.member(thread)
    const { header } = this.#ring
    if (operation.kind === 'push') return this.#kernels.push(this.#memory, header, member, operation.value)
    if (operation.kind === 'force') return this.#kernels.forcePush(this.#memory, header, member, operation.value)
    if (operation.kind === 'pop') return this.#kernels.pop(this.#memory, header, member)
    return this.#close()
  }

  // biome-ignore lint/correctness/useYield: closing is one step, and that is taken when it is called.
  *#close(): Steps {
    this.#ring.close()
    return 1
  }

  #result(operation: Operation, answer: number, thread: number): number | string {
    if (answer === abi.SHARED_PENDING) return 'pending'
    if (answer === abi.SHARED_CLOSED) return 'closed'
    if (answer === abi.SHARED_NONE) return operation.kind === 'pop' ? 'empty' : 'full'
    return operation.kind === 'pop' ? this.#memory.f64[(this.#ring.member(thread) + abi.MEMBER_VALUE) >>> 3]! : 'in'
  }
}

/**
 * Runs a scenario in every order of its threads' steps with at most so many preemptions: switches away from a thread that
 * could have gone on. States met before aren't gone through again. Returns how many ends were reached, and the first fault.
 */
export function explore(
  scenario: Scenario,
  make: ReturnType<typeof steppedKernels>,
): { readonly ends: number; readonly states: number; readonly fault: string | undefined } {
  /** By state: the most preemptions that were left when it was met. */
  const seen = new Map<string, number>()
  const open: { readonly schedule: readonly number[]; readonly left: number }[] = [
    { schedule: [], left: scenario.preemptions },
  ]
  const run = new Run(scenario, make)
  let ends = 0
  for (let branch = open.pop(); branch !== undefined; branch = open.pop()) {
    run.restart()
    const schedule = [...branch.schedule]
    for (const thread of schedule) run.step(thread)
    for (;;) {
      const { enabled } = run
      const last = schedule.at(-1) ?? -1
      const key = `${last} ${run.key}`
      if ((seen.get(key) ?? -1) >= branch.left) break
      seen.set(key, branch.left)
      if (enabled.length === 0) {
        ends++
        const fault = run.fault()
        if (fault === undefined) break
        return { ends, states: seen.size, fault: `${fault}: ${JSON.stringify(run.history)}` }
      }
      const goesOn = enabled.includes(last)
      const next = goesOn ? last : enabled[0]!
      const left = goesOn ? branch.left - 1 : branch.left
      for (const other of enabled) if (other !== next && left >= 0) open.push({ schedule: [...schedule, other], left })
      schedule.push(next)
      run.step(next)
    }
  }
  return { ends, states: seen.size, fault: undefined }
}
