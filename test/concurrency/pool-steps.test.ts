import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import type { PoolWords } from '../../src/queues/pool-words.ts'
import { ROOT } from '../source-files.ts'
import { stepping } from './step-machine.ts'

type Steps<T> = Generator<void, T, void>
interface Stepped {
  acquireSlot(pool: PoolWords, holder: number, from: number): Steps<number>
  beginRelease(pool: PoolWords, slot: number, generation: number, holder: number): Steps<boolean>
  takeOver(pool: PoolWords, slot: number, gone: number, holder: number): Steps<boolean>
  endRelease(pool: PoolWords, slot: number): Steps<void>
  hintAt(pool: PoolWords, slot: number): Steps<void>
}

/** The functions over a pool's words as generators that stop before each access to them. */
function steppedPool(edit: (source: string) => string = text => text): Stepped {
  const text = edit(readFileSync(join(ROOT, 'src/queues/pool-words.ts'), 'utf8')).replaceAll('export ', '')
  const source = ts.createSourceFile('pool.ts', text, ts.ScriptTarget.ES2022, true)
  const printer = ts.createPrinter()
  const print = (node: ts.Node): string => printer.printNode(ts.EmitHint.Unspecified, node, source)
  const functions = source.statements.filter(ts.isFunctionDeclaration)
  const names = new Set(functions.map(({ name }) => name!.text).filter(name => name !== 'generationOf'))
  const code = source.statements
    .map(each => (ts.isFunctionDeclaration(each) && names.has(each.name!.text) ? stepping(each, names) : each))
    .filter(each => !ts.isInterfaceDeclaration(each))
    .map(print)
    .join('\n')
  const plain = ts.transpile(code, { target: ts.ScriptTarget.ES2022 })
  return new Function('saw', `${plain}\nreturn { ${[...names].join(', ')} }`)((value: unknown) => value)
}

/** What a thread of a scenario does: acquires, and releases what it got last, or a slot all know. */
type Act = 'acquire' | 'release' | 'release the known'

const SLOTS = 2

/** One run: the words, and what each thread found. */
class Run {
  readonly pool: PoolWords
  /** By slot: who was told that it is theirs. */
  readonly holders: (number | undefined)[] = []
  readonly faults: string[] = []
  wins = 0
  /** Calls that found none though one slot more than there were others at work was there all the time. */
  refused = 0
  readonly #steps: Steps<void>[]
  readonly #done: boolean[]

  constructor(stepped: Stepped, capacity: number, threads: readonly (readonly Act[])[], known: boolean) {
    const words = new Int32Array(1 + 1 + SLOTS)
    words[1] = (1 << capacity) - 1
    this.pool = { words, releases: 0, hints: 1, hintWords: 1, slots: 2 }
    if (known) {
      words[1]! &= ~1
      words[2] = threads.length + 1
      this.holders[0] = threads.length + 1
    }
    this.#steps = threads.map((acts, i) => this.#run(stepped, acts, i + 1))
    this.#done = threads.map(() => false)
  }

  get enabled(): number[] {
    return this.#done.flatMap((isDone, i) => (isDone ? [] : [i]))
  }

  step(thread: number): void {
    if (this.#steps[thread]!.next().done === true) this.#done[thread] = true
  }

  *#run(stepped: Stepped, acts: readonly Act[], holder: number): Steps<void> {
    const { pool } = this
    const mine: number[] = []
    for (const act of acts) {
      if (act === 'acquire') {
        const slot = yield* stepped.acquireSlot(pool, holder, 0)
        if (slot < 0) {
          this.refused++
          continue
        }
        if (this.holders[slot] !== undefined) this.faults.push(`slot ${slot} is held twice`)
        this.holders[slot] = holder
        mine.push(slot)
        continue
      }
      const slot = act === 'release' ? mine.pop() : 0
      if (slot === undefined) continue
      const generation = act === 'release' ? pool.words[pool.slots + slot]! >>> 9 : 0
      // From the moment a release has begun nobody else's may.
      if (!(yield* stepped.beginRelease(pool, slot, generation, holder))) continue
      this.wins++
      this.holders[slot] = undefined
      yield* stepped.endRelease(pool, slot)
    }
  }
}

interface Scenario {
  readonly capacity: number
  readonly threads: readonly (readonly Act[])[]
  readonly known?: boolean
}

/** All schedules with at most so many preemptions; what is wrong at the ends. */
function explore(
  stepped: Stepped,
  { capacity, threads, known = false }: Scenario,
  check: (run: Run) => string | undefined,
) {
  const open = [{ schedule: [] as number[], left: 3 }]
  let ends = 0
  for (let branch = open.pop(); branch !== undefined; branch = open.pop()) {
    const run = new Run(stepped, capacity, threads, known)
    const schedule = [...branch.schedule]
    for (const thread of schedule) run.step(thread)
    for (let { enabled } = run; enabled.length > 0; { enabled } = run) {
      const last = schedule.at(-1) ?? -1
      const goesOn = enabled.includes(last)
      const next = goesOn ? last : enabled[0]!
      const left = goesOn ? branch.left - 1 : branch.left
      for (const other of enabled) if (other !== next && left >= 0) open.push({ schedule: [...schedule, other], left })
      schedule.push(next)
      run.step(next)
    }
    ends++
    const fault = run.faults[0] ?? check(run)
    if (fault !== undefined) return { ends, fault: `${fault}: ${schedule.join('')}` }
  }
  return { ends, fault: undefined }
}

/** Nobody holds a slot: all are free, and looked for. */
function allFree({ pool: { words, hints, slots } }: Run, capacity: number): string | undefined {
  for (let slot = 0; slot < capacity; slot++) {
    if ((words[slots + slot]! & 0x1ff) !== 0) return `slot ${slot} is not free`
    if ((words[hints]! & (1 << slot)) === 0) return `nobody would find slot ${slot}`
  }
  return undefined
}

const twice: Act[] = ['acquire', 'release', 'acquire', 'release']

describe('every order of steps with at most 3 preemptions', () => {
  it.each([1, 2])('gives a slot to one thread at a time, and loses none: %d slots', capacity => {
    const threads = [twice, ['acquire', 'release'] as Act[], ['acquire', 'release'] as Act[]]
    const { fault, ends } = explore(steppedPool(), { capacity, threads }, run => allFree(run, capacity))
    expect(fault).toBeUndefined()
    expect(ends).toBeGreaterThan(1_000)
  })

  it('finds a slot when there is one all the time', () => {
    // Two threads never hold more than one of two slots each.
    const { fault } = explore(steppedPool(), { capacity: 2, threads: [twice, twice] }, run =>
      run.refused === 0 ? allFree(run, 2) : 'none was found',
    )
    expect(fault).toBeUndefined()
  })

  it('lets one of several threads release a handle', () => {
    const known: Act[] = ['release the known']
    const threads = [known, known, ['acquire'] as Act[]]
    const { fault } = explore(steppedPool(), { capacity: 1, threads, known: true }, ({ wins }) =>
      wins === 1 ? undefined : `${wins} released it`,
    )
    expect(fault).toBeUndefined()
  })

  it('would notice a slot that is taken without comparing', () => {
    const broken = steppedPool(source =>
      source
        .replace('(were & bit) !== 0 &&', '')
        .replace(
          'return Atomics.compareExchange(pool.words, pool.slots + slot, free, free | holder) === free',
          'Atomics.store(pool.words, pool.slots + slot, free | holder)\n  return true',
        ),
    )
    const threads = [twice, twice]
    expect(explore(broken, { capacity: 1, threads }, () => undefined).fault).toMatch(/held twice/)
  })

  it('would notice a release that anybody can begin once more', () => {
    const broken = steppedPool(source => source.replace('(held & IS_EMPTYING) !== 0 ||', ''))
    const known: Act[] = ['release the known']
    const outcome = explore(broken, { capacity: 1, threads: [known, known], known: true }, ({ wins }) =>
      wins === 1 ? undefined : `${wins} released it`,
    )
    expect(outcome.fault).toMatch(/2 released it/)
  })
})

describe('a thread that dies before any of its steps', () => {
  it.each([1, 2])('leaves nothing that can not be taken over: %d slots', capacity => {
    const stepped = steppedPool()
    const finish = <T>(steps: Steps<T>): T => {
      let step = steps.next()
      while (step.done !== true) step = steps.next()
      return step.value
    }
    for (let at = 0, isOver = false; !isOver; at++) {
      const run = new Run(stepped, capacity, [twice], false)
      for (let step = 0; step < at && run.enabled.length > 0; step++) run.step(0)
      isOver = run.enabled.length === 0
      for (let slot = 0; slot < capacity; slot++)
        if (finish(stepped.takeOver(run.pool, slot, 1, 2))) finish(stepped.endRelease(run.pool, slot))
      for (let slot = 0; slot < capacity; slot++)
        if ((run.pool.words[run.pool.slots + slot]! & 0x1ff) === 0) finish(stepped.hintAt(run.pool, slot))
      expect(allFree(run, capacity)).toBeUndefined()
    }
  })
})
