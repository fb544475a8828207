import { JavaRandom } from '../../../examples/nexmark/generator/java-random.ts'
import type { Section } from '../../../src/checkpoint/checkpoint-format.ts'
import { encodeCheckpoint } from '../../../src/checkpoint/encode-checkpoint.ts'
import { EventfluxError } from '../../../src/errors.ts'
import { createEngineSync, type Engine } from '../../../src/kernels/engine.ts'
import type { LogicalPlan } from '../../../src/plan/logical-node.ts'
import { optimise } from '../../../src/plan/optimise.ts'
import { ChainInstance } from '../../../src/testing/chain-instance.ts'
import { isSameValue } from '../../../src/testing/row-difference.ts'
import type { KernelModule } from '../../../src/wasm/kernel-module.ts'
import { AllocationCounter } from './allocations.ts'
import { type Below, hostileSections, type KnownSection } from './hostile-sections.ts'
import { noteFields } from './state-fields.ts'
import { rowsOf } from './stateful-plans.ts'

const ROWS = rowsOf(40)
/** Behind how many rows states are taken. */
const CUTS = [9, 20] as const
const BATCH = 8
const ENGINES = ['js', 'wasm'] as const
/** Many times what these states take: who asks for more has gone by a number that is a lie. */
const MAX_MEMORY = 2 ** 22
/** What restoring may allocate beside twice the bytes that are there, and beside what it takes of a state that is one. */
const SPARE_BYTES = 2 ** 16
/** No state may take longer, in milliseconds, however often it is tried. */
const LONGEST_MS = 1_000
const TRIES = 5

/** How a state may end: refused, or found out by whoever meets its content. */
const CODES: readonly (string | undefined)[] = [
  undefined,
  'CHECKPOINT_INVALID',
  'CHECKPOINT_MISMATCH',
  'STAGE_FAILED',
  'OVERFLOW',
]

/** What came of many states. */
export interface StateFuzzReport {
  readonly states: number
  /** States that were refused when they were restored. */
  readonly refused: number
  /** States that ended in an error later. */
  readonly failed: number
  /** States that were gone on from to the end. */
  readonly ended: number
  readonly longestMs: number
}

interface Outcome {
  readonly code: string | undefined
  readonly isRestored: boolean
  /** What came out, by branch. */
  readonly came: readonly unknown[]
}

/** Restores states of one plan with something done to them, and goes on from them to the end of its rows. */
export class StateFuzz {
  readonly #plan: LogicalPlan
  readonly #hasFunctions: boolean
  readonly #kernels: KernelModule
  readonly #engines = new Map<string, Engine>()
  readonly #allocations = new AllocationCounter()
  readonly #cuts: readonly (readonly KnownSection[])[]
  readonly #usualBytes: number
  #refused = 0
  #failed = 0
  #ended = 0
  #longestMs = 0

  /** @param hasFunctions Whether code of a user is in it, which may throw what it likes when it meets its state. */
  constructor(plan: LogicalPlan, kernels: KernelModule, hasFunctions: boolean) {
    this.#plan = optimise(plan)
    this.#kernels = kernels
    this.#hasFunctions = hasFunctions
    this.#cuts = CUTS.map(rows => this.#cutBehind(rows))
    this.#usualBytes = Math.max(...this.#cuts.map(sections => this.#restored(sections, false)))
  }

  get report(): StateFuzzReport {
    const [refused, failed, ended] = [this.#refused, this.#failed, this.#ended]
    return { states: refused + failed + ended, refused, failed, ended, longestMs: this.#longestMs }
  }

  /** Tries the state of a number. @throws Error for what neither ends in a typed error nor goes on as on the other engine. */
  try(seed: number): void {
    const generator = new JavaRandom()
    generator.seed(seed)
    // The first numbers of seeds that are neighbours are neighbours too.
    for (let i = 0; i < 3; i++) generator.double()
    const below: Below = limit => Math.floor(generator.double() * limit)
    const cut = below(CUTS.length)
    const sections = hostileSections(this.#cuts[cut]!, this.#cuts[1 - cut]!, below)
    const isPart = below(4) === 0
    const [js, wasm] = ENGINES.map(engine => this.#watched(sections, engine, isPart)) as [Outcome, Outcome]
    if (js.code !== wasm.code || !isSameValue(js.came, wasm.came, Object.is))
      throw new Error(`the engines differ: ${js.code} with ${js.came.length}, ${wasm.code} with ${wasm.came.length}`)
    if (!CODES.includes(js.code)) throw new Error(`ended in ${js.code}`)
    if (js.code === undefined) this.#ended++
    else if (js.isRestored) this.#failed++
    else this.#refused++
  }

  #cutBehind(rows: number): readonly KnownSection[] {
    const instance = this.#instance('js')
    for (let from = 0; from < rows; from += BATCH) {
      instance.process(ROWS.slice(from, Math.min(from + BATCH, rows)))
      instance.advanceTo(1_000 + from)
    }
    let sections: readonly Section[] = []
    const fieldsOf = noteFields(() => {
      sections = instance.sections()
    })
    instance.close()
    return sections.map(({ name, bytes }) => ({ name, bytes, fields: fieldsOf(bytes) }))
  }

  #watched(sections: readonly Section[], engine: 'js' | 'wasm', isPart: boolean): Outcome {
    // Another process may have had its turn meanwhile: what takes long does so again.
    for (let left = TRIES; ; left--) {
      const startMs = performance.now()
      const outcome = this.#outcome(sections, engine, isPart)
      const tookMs = performance.now() - startMs
      if (tookMs > LONGEST_MS && left > 0) continue
      if (tookMs > LONGEST_MS) throw new Error(`took ${tookMs} ms`)
      this.#longestMs = Math.max(this.#longestMs, tookMs)
      return outcome
    }
  }

  #outcome(sections: readonly Section[], engine: 'js' | 'wasm', isPart: boolean): Outcome {
    const instance = this.#instance(engine)
    let isRestored = false
    let code: string | undefined
    try {
      const bytes = sections.reduce((sum, section) => sum + section.bytes.length, 0)
      const allocated = this.#counted(() => restore(instance, sections, isPart))
      if (allocated > 2 * bytes + this.#usualBytes + SPARE_BYTES)
        throw new Error(`${allocated} bytes allocated for a state of ${bytes}`)
      isRestored = true
      for (const from of [CUTS[1], CUTS[1] + BATCH]) {
        instance.process(ROWS.slice(from, from + BATCH))
        instance.advanceTo(1_000 + from * 2)
      }
      instance.end()
      instance.close()
    } catch (error) {
      code = this.#codeOf(error)
    }
    return { code, isRestored, came: [...instance.arrivals].flat() }
  }

  /** @throws What is no typed error, or one only because something else was caught. */
  #codeOf(error: unknown): string {
    // What the instance left undone may be anywhere in the memory.
    this.#engines.clear()
    if (!(error instanceof EventfluxError)) throw error
    const { code, cause } = error
    if (cause instanceof Error && !(cause instanceof EventfluxError) && code === 'STAGE_FAILED' && !this.#hasFunctions)
      throw cause
    return code
  }

  /** Bytes that are allocated for restoring what is a state. */
  #restored(sections: readonly Section[], isPart: boolean): number {
    const instance = this.#instance('js')
    const allocated = this.#counted(() => restore(instance, sections, isPart))
    instance.close()
    return allocated
  }

  #counted(act: () => void): number {
    this.#allocations.bytes = 0
    this.#allocations.start()
    try {
      act()
    } finally {
      this.#allocations.stop()
    }
    return this.#allocations.bytes
  }

  #instance(name: 'js' | 'wasm'): ChainInstance {
    const known = this.#engines.get(name)
    known?.memory.u8.fill(0)
    const engine = known ?? createEngineSync({ engine: name, maxBytes: MAX_MEMORY, module: this.#kernels })
    this.#engines.set(name, engine)
    return new ChainInstance(this.#plan, { engine, maxBatch: BATCH, maxKeys: 1_000, fullEvery: 3, startMs: 1_000 })
  }
}

/** As it stands, or key by key as what workers kept is taken over. */
function restore(instance: ChainInstance, sections: readonly Section[], isPart: boolean): void {
  if (isPart) instance.restoreParts([encodeCheckpoint(sections)])
  else instance.restoreSections(sections)
}
