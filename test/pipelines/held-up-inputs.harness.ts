import { expect } from 'vitest'
import { count, sum } from '../../src/expression/aggregates.ts'
import type { Job } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import { physical, punctuated } from '../../src/plan/watermarks.ts'
import type { BatchResult, PushResult } from '../../src/runtime/admission/push-result.ts'
import { bool, i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { hopping } from '../../src/time/windows.ts'
import { expectBalanced, STRATEGIES, type StrategyName, turn } from './ledger.harness.ts'
import { RemoteSource } from './remote-source.ts'
import { InputsModel, type ModelRow, type Rules } from './several-inputs-model.ts'

const events = schema({ id: i32(), key: i32(), time: timestamp(), marks: bool() })

export interface Setup {
  readonly rules: Rules & { readonly watermarks: { readonly kind: 'bounded' | 'condition' | 'physical' } }
  readonly engine: 'wasm' | 'js'
  readonly bufferSize: number
  readonly maxBatch: number
  readonly strategy: StrategyName
  readonly maxInFlight: number
  /** Whether the sink of late rows is slow, too. */
  readonly isLateSlow: boolean
}

export type Command =
  | {
      readonly do: 'give'
      readonly input: number
      readonly rows: readonly Pick<ModelRow, 'key' | 'time' | 'marks'>[]
      readonly way: 'push' | 'tryPush' | 'pushMany' | 'pushColumns'
      readonly badAt: number
    }
  | { readonly do: 'pass' | 'land'; readonly by: number }
  | { readonly do: 'turn' | 'look' | 'cut' | 'restart' }
  | { readonly do: 'end'; readonly input: number }

/** Rows of one push, and what came of it. */
interface Call {
  readonly input: number
  readonly rows: readonly ModelRow[]
  readonly fits: readonly boolean[]
  outcome: PushResult | BatchResult | undefined
}

/** What happens between two rows: behind so many that were accepted. */
type Mark = { readonly at: number } & ({ readonly ended: number } | { readonly cut: true })

type Running = Job<Record<string, unknown>, { windowStart: number; key: number; n: number; ids: number }>

/** A job of several inputs whose sinks take their time. What went into its event time is told by a function in front of it. */
export class HeldUpRun {
  readonly #setup: Setup
  readonly #clock = new VirtualClock(0)
  #job!: Running
  #sources: RemoteSource[] = []
  #model: InputsModel
  #calls: Call[] = []
  #marks: Mark[] = []
  #met: number[] = []
  /** When each row met the event time. */
  readonly #metAtMs = new Map<number, number>()
  #lines: (readonly number[])[] = []
  #late: number[] = []
  #stalled: (() => void)[] = []
  #lands = false
  #ids = 0
  readonly #ended = new Set<number>()
  readonly #busy = new Set<number>()
  #open = 0
  #cut: { readonly taken: Promise<{ readonly bytes: Uint8Array }>; readonly ended: readonly number[] } | undefined
  /** The model as of the cut. */
  #atCut: ((nowMs: number) => InputsModel) | undefined
  readonly seen = { late: 0, fired: 0, evicted: 0, refused: 0, waited: 0, restarted: 0 }

  constructor(setup: Setup) {
    this.#setup = setup
    // Whoever may be idle here gives rows in time.
    this.#model = new InputsModel({ ...setup.rules, idlenessMs: undefined }, 0)
  }

  async start(restore?: Uint8Array): Promise<void> {
    const { rules, engine, bufferSize, maxBatch, strategy, maxInFlight, isLateSlow } = this.#setup
    this.#sources = Array.from({ length: rules.sources }, () => new RemoteSource())
    const { watermarks, idlenessMs } = rules
    const idle = idlenessMs === undefined ? {} : { idleness: idlenessMs }
    const met = pipeline(events, { engine, bufferSize, maxBatch, backpressure: STRATEGIES[strategy] }).filterRows(
      ({ id }) => this.#meets(id),
    )
    const timed = (() => {
      switch (watermarks.kind) {
        case 'bounded':
          return met.eventTime('time', { outOfOrderness: watermarks.boundMs, ...idle })
        case 'condition':
          return met.eventTime('time', { watermarks: punctuated(e => e.marks), ...idle })
        case 'physical':
          return met.eventTime('time', { watermarks: physical(watermarks.waitMs), ...idle })
      }
    })()
    this.#job = (await timed
      .keyBy('key')
      .window(hopping(rules.sizeMs, rules.slideMs, { allowedLateness: rules.latenessMs, lateTo: 'late' }))
      .aggregate(e => ({ n: count(), ids: sum(e.id) }))
      .run({
        clock: this.#clock,
        random: () => 0.5,
        sources: this.#sources,
        maxInFlight,
        errors: { source: 'skip' },
        sink: row => {
          this.#lines.push([row.windowStart, row.key, row.n, row.ids as number])
          return this.#stall()
        },
        sinks: {
          late: ({ id }: { id: number }) => {
            this.#late.push(id)
            return isLateSlow ? this.#stall() : undefined
          },
        },
        ...(restore !== undefined && { restore }),
      })) as unknown as Running
  }

  /** A promise where others get their turn. */
  step(command: Command): void | Promise<void> {
    switch (command.do) {
      case 'give':
        return this.#give(command)
      case 'pass':
        return this.#pass(command.by)
      case 'land':
        for (const land of this.#stalled.splice(0, command.by)) land()
        return
      case 'turn':
        return turn()
      case 'look':
        return expectBalanced(this.#job as unknown as Job)
      case 'end':
        return this.#end(command.input)
      case 'cut':
        // Watermarks that move with the clock are in it as of when it is taken, which nobody knows here.
        if (this.#cut !== undefined || this.#setup.rules.watermarks.kind === 'physical') return
        this.#marks.push({ at: this.#job.counts().accepted, cut: true })
        this.#cut = { taken: this.#job.checkpoint(), ended: [...this.#ended] }
        this.#cut.taken.catch(() => {})
        return
      case 'restart':
        return this.#restart()
    }
  }

  /** Where inputs may be idle, whoever was told to wait and need no more has had a turn before time passes. */
  #pass(ms: number): void | Promise<void> {
    if (this.#setup.rules.idlenessMs === undefined) return this.#clock.advance(ms)
    return turn().then(() => this.#clock.advance(ms))
  }

  async finish(): Promise<void> {
    this.#lands = true
    // Who is told that the job takes nothing more waits no longer, and is idle from then on.
    if (this.#setup.rules.idlenessMs !== undefined) await this.#letThrough(this.#job.flush())
    const stopping = this.#job.drain()
    await this.#letThrough(stopping)
    await stopping
    this.#follow()
    this.#model.over()
    this.#compare()
  }

  #meets(id: number): true {
    this.#met.push(id)
    this.#metAtMs.set(id, this.#clock.now())
    return true
  }

  #stall(): Promise<void> | undefined {
    return this.#lands ? undefined : new Promise(resolve => this.#stalled.push(resolve))
  }

  #give({ input, rows, way, badAt }: Extract<Command, { do: 'give' }>): void {
    const isPushed = input === this.#sources.length
    if (input > this.#sources.length || this.#ended.has(input)) return
    const into = isPushed ? this.#job : (this.#sources[input]!.intake as unknown as Running)
    const all = rows.map(row => ({ ...row, id: this.#ids++, stamp: null, stays: true }))
    const fits = rows.map((_, i) => i !== badAt)
    const given = all.map(({ id, key, time, marks }, i) => ({ id, key, time: fits[i] ? time : Number.NaN, marks }))
    const isOne = way === 'push' || way === 'tryPush'
    const names = ['id', 'key', 'time', 'marks'] as const
    if (isOne) {
      for (const [i, event] of given.entries()) {
        const tries = way === 'tryPush' && isPushed
        this.#call({ input, rows: [all[i]!], fits: [fits[i]!] }, () =>
          tries ? into.tryPush(event) || { ok: false, reason: 'full' } : into.push(event),
        )
      }
    } else
      this.#call({ input, rows: all, fits }, () =>
        way === 'pushMany'
          ? into.pushMany(given)
          : into.pushColumns(Object.fromEntries(names.map(name => [name, given.map(row => row[name])])) as never),
      )
  }

  /** A source that was told to wait gives nothing more until then. */
  #call(of: Omit<Call, 'outcome'>, push: () => PushResult | BatchResult | Promise<PushResult | BatchResult>): void {
    if (this.#busy.has(of.input) && of.input < this.#sources.length) return
    const call: Call = { ...of, outcome: undefined }
    this.#calls.push(call)
    const answer = push()
    if (!(answer instanceof Promise)) {
      call.outcome = answer
      return
    }
    this.#busy.add(of.input)
    this.#open++
    this.seen.waited++
    void answer.then(outcome => {
      this.#busy.delete(of.input)
      this.#open--
      call.outcome = outcome
    })
  }

  async #end(input: number): Promise<void> {
    if (input >= this.#sources.length || this.#ended.size >= this.#sources.length - 1) return
    if (this.#ended.has(input)) return
    await turn()
    if (this.#busy.has(input)) return
    this.#ended.add(input)
    this.#marks.push({ at: this.#job.counts().accepted, ended: input })
    this.#sources[input]!.end()
    await turn()
  }

  async #restart(): Promise<void> {
    const cut = this.#cut
    if (cut === undefined) return
    this.seen.restarted++
    this.#lands = true
    const through = cut.taken.then(() => this.#job.flush())
    await this.#letThrough(through)
    const { bytes } = await cut.taken
    await this.#job.flush()
    this.#follow()
    this.#compare()
    await this.#job.stop({ drain: false })
    this.#model = this.#atCut!(this.#clock.now())
    this.#lines = this.#model.fired.map(lineOf)
    this.#late = [...this.#model.late]
    ;[this.#calls, this.#marks, this.#met, this.#stalled, this.#cut, this.#lands] = [[], [], [], [], undefined, false]
    this.#ended.clear()
    await this.start(bytes)
    for (const input of cut.ended) {
      this.#ended.add(input)
      this.#sources[input]!.end()
    }
    await turn()
  }

  /** Has everything land until nobody waits any more. */
  async #letThrough(work: Promise<unknown>): Promise<void> {
    let isDone = false
    void work.finally(() => {
      isDone = true
    })
    for (let i = 0; i < 200 && !(isDone && this.#open === 0); i++) {
      for (const land of this.#stalled.splice(0)) land()
      // Some wait by the clock; inputs that are idle after a while aren't to be.
      if (i > 3 && this.#setup.rules.idlenessMs === undefined) this.#clock.advance(5)
      await turn()
    }
    expect({ isDone, open: this.#open }).toEqual({ isDone: true, open: 0 })
  }

  /** Takes the model through what this job was given. */
  #follow(): void {
    const { evicted, accepted, delivered } = this.#job.counts()
    const entered = this.#calls.flatMap(call => acceptedOf(call).map(row => ({ input: call.input, row })))
    expect(entered.length).toBe(accepted)
    expect(this.#met.length).toBe(delivered)
    expect(accepted).toBe(delivered + evicted)
    const met = new Set(this.#met)
    expect(entered.filter(({ row }) => met.has(row.id)).map(({ row }) => row.id)).toEqual(this.#met)
    let mark = 0
    for (let at = 0; at <= entered.length; at++) {
      for (; this.#marks[mark]?.at === at; mark++) {
        const here = this.#marks[mark]!
        if ('ended' in here) this.#model.end(here.ended)
        else this.#atCut = this.#model.cut()
      }
      const next = entered[at]
      if (next === undefined || !met.has(next.row.id)) continue
      this.#model.passTo(this.#metAtMs.get(next.row.id)!, () => false)
      this.#model.row(next.input, next.row)
    }
    expect(mark).toBe(this.#marks.length)
    this.seen.evicted += evicted
    this.seen.refused += this.#calls.filter(({ outcome }) => outcome !== true).length
  }

  #compare(): void {
    this.seen.fired += this.#model.fired.length
    this.seen.late += this.#model.late.length
    expect(inOrderOfKeys(this.#lines)).toEqual(inOrderOfKeys(this.#model.fired.map(lineOf)))
    expect(this.#late).toEqual(this.#model.late)
  }
}

const lineOf = ({ start, key, ids }: { start: number; key: number; ids: readonly number[] }) =>
  [start, key, ids.length, ids.reduce((a, b) => a + b, 0)] as const

/** The groups of one window come in no order that is promised. */
function inOrderOfKeys(lines: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const sorted: (readonly number[])[] = []
  for (let from = 0, to = 0; from < lines.length; from = to) {
    while (to < lines.length && lines[to]![0] === lines[from]![0]) to++
    sorted.push(...lines.slice(from, to).sort((a, b) => a[1]! - b[1]!))
  }
  return sorted
}

/** The rows of a push that are in. */
function acceptedOf({ rows, fits, outcome }: Call): readonly ModelRow[] {
  expect(outcome).toBeDefined()
  const decided = outcome === true ? rows.length : 'accepted' in outcome! ? outcome.accepted : 0
  return rows.slice(0, decided).filter((_, i) => fits[i])
}
