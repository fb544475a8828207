import { expect } from 'vitest'
import { memoryStore } from '../../src/checkpoint/memory-store.ts'
import { count, max, min, sum } from '../../src/expression/aggregates.ts'
import type { Job } from '../../src/job.ts'
import { pipeline } from '../../src/packaged.ts'
import { physical, punctuated } from '../../src/plan/watermarks.ts'
import type { JobCounts } from '../../src/runtime/job-counts.ts'
import { bool, i32, timestamp } from '../../src/schema/data-type.ts'
import { schema } from '../../src/schema/schema.ts'
import { VirtualClock } from '../../src/time/virtual-clock.ts'
import { hopping } from '../../src/time/windows.ts'
import { expectBalanced, STRATEGIES, type StrategyName, turn } from './ledger.harness.ts'
import { RemoteSource } from './remote-source.ts'
import { type Fired, InputsModel, type ModelRow, type Rules } from './several-inputs-model.ts'

const events = schema({
  id: i32(),
  key: i32(),
  time: timestamp(),
  marks: bool(),
  stamp: timestamp().nullable(),
  stays: bool(),
})

export interface Setup {
  readonly rules: Rules
  readonly engine: 'wasm' | 'js'
  readonly bufferSize: number
  readonly maxBatch: number
  readonly strategy: StrategyName
  /** Whether a function in front of the event time tells when each row meets it; else a turn is taken before time passes. */
  readonly isSeen: boolean
  /** Whether a filter stands in front of the event time. */
  readonly filters: boolean
  /** How often a checkpoint is taken that nobody asks for. */
  readonly everyEvents: number | undefined
  readonly badRows: 'skip' | 'deadLetter'
  readonly ending: 'drain' | 'sources' | 'abandon' | 'signal' | 'suspend'
}

export type Command =
  | {
      readonly do: 'give'
      readonly input: number
      readonly rows: readonly Omit<ModelRow, 'id'>[]
      readonly way: 'push' | 'tryPush' | 'pushMany' | 'pushColumns'
      /** Which of the rows doesn't fit the schema. */
      readonly badAt: number
    }
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'turn' | 'flush' | 'look' | 'cut' | 'restart' | 'goOn' }
  | { readonly do: 'end'; readonly input: number }

interface Given {
  readonly input: number
  readonly row: ModelRow
  readonly fits: boolean
}

interface Cut {
  readonly taken: Promise<{ readonly bytes: Uint8Array }>
  readonly model: (nowMs: number) => InputsModel
  /** How many rows had been given, and which sources had ended. */
  readonly given: number
  readonly ended: ReadonlySet<number>
  /** How many results there were, and late rows. */
  readonly lines: number
  readonly late: number
}

interface Result {
  readonly windowStart: number
  readonly key: number
  readonly n: number
  readonly ids: number
  readonly squares: number
  readonly least: number
  readonly greatest: number
}

/** What a window gave, and when, as a line. */
const lineOf = (atMs: number, r: Result) =>
  [atMs, r.windowStart, r.key, r.n, r.ids, r.squares, r.least, r.greatest] as readonly number[]

const lineOfModel = ({ atMs, start, key, ids }: Fired) =>
  lineOf(atMs, {
    windowStart: start,
    key,
    n: ids.length,
    ids: ids.reduce((a, b) => a + b, 0),
    squares: ids.reduce((a, b) => a + b * b, 0),
    least: Math.min(...ids),
    greatest: Math.max(...ids),
  })

/** The groups of one window come in no order that is promised. */
function inOrderOfKeys(lines: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const sorted: (readonly number[])[] = []
  for (let from = 0, to = 0; from < lines.length; from = to) {
    while (to < lines.length && lines[to]![0] === lines[from]![0] && lines[to]![1] === lines[from]![1]) to++
    sorted.push(...lines.slice(from, to).sort((a, b) => a[2]! - b[2]!))
  }
  return sorted
}

type Running = Job<Omit<ModelRow, 'stays'> & { stays: boolean }, Result>

/** A job of several inputs under a schedule, and the model beside it, row for row. */
export class InputsRun {
  readonly #setup: Setup
  readonly #clock = new VirtualClock(1_000)
  readonly #store = memoryStore()
  readonly #given: Given[] = []
  readonly #ended = new Set<number>()
  #ending: number[] = []
  /** Rows that are in and that the model hasn't met. */
  #waiting: Given[] = []
  #sources: RemoteSource[] = []
  #job!: Running
  #model: InputsModel
  #abort = new AbortController()
  #lines: (readonly number[])[] = []
  #late: number[] = []
  #enteredHere = 0
  #buried = 0
  #badHere = 0
  #cut: Cut | undefined

  constructor(setup: Setup) {
    this.#setup = setup
    this.#model = new InputsModel(setup.rules, this.#clock.now())
  }

  get seen() {
    return { fired: this.#model.fired.length, late: this.#model.late.length }
  }

  async start(restore?: Uint8Array | 'latest'): Promise<void> {
    const { rules, engine, bufferSize, maxBatch, strategy, isSeen, filters, badRows, everyEvents } = this.#setup
    const { watermarks, idlenessMs } = rules
    this.#sources = Array.from({ length: rules.sources }, () => new RemoteSource())
    this.#abort = new AbortController()
    const idle = idlenessMs === undefined ? {} : { idleness: idlenessMs }
    const source = pipeline(events, { engine, bufferSize, maxBatch, backpressure: STRATEGIES[strategy] })
    const told = isSeen ? source.filterRows(({ id }) => this.#meets(id)) : source
    const timed = (() => {
      const kept = filters ? told.filter(e => e.stays) : told
      switch (watermarks.kind) {
        case 'bounded':
          return kept.eventTime('time', { outOfOrderness: watermarks.boundMs, ...idle })
        case 'condition':
          return kept.eventTime('time', { watermarks: punctuated(e => e.marks), ...idle })
        case 'timestamp':
          return kept.eventTime('time', { watermarks: punctuated(e => e.stamp), ...idle })
        case 'physical':
          return kept.eventTime('time', { watermarks: physical(watermarks.waitMs), ...idle })
      }
    })()
    this.#job = (await timed
      .keyBy('key')
      .window(hopping(rules.sizeMs, rules.slideMs, { allowedLateness: rules.latenessMs, lateTo: 'late' }))
      .aggregate(e => ({
        n: count(),
        ids: sum(e.id),
        squares: sum(e.id.mul(e.id)),
        least: min(e.id),
        greatest: max(e.id),
      }))
      .run({
        clock: this.#clock,
        sources: this.#sources,
        signal: this.#abort.signal,
        errors: { source: badRows === 'skip' ? 'skip' : { kind: 'deadLetter', sink: () => void this.#buried++ } },
        sink: row => void this.#lines.push(lineOf(this.#clock.now(), row as never)),
        sinks: { late: (row: { id: number }) => void this.#late.push(row.id) },
        ...(restore !== undefined && { restore }),
        checkpoint: { store: this.#store, ...(everyEvents !== undefined && { everyEvents }) },
      })) as unknown as Running
  }

  /** A promise where others get their turn. */
  step(command: Command): void | Promise<void> {
    const { rules, isSeen } = this.#setup
    switch (command.do) {
      case 'give': {
        if (command.input > rules.sources) return
        if (this.#ended.has(command.input) || this.#ending.includes(command.input)) return
        const from = this.#given.length
        const given = command.rows.map((row, i) => ({
          input: command.input,
          row: { ...row, id: from + i, stays: row.stays || !this.#setup.filters },
          fits: i !== command.badAt,
        }))
        this.#given.push(...given)
        this.#give(given, command.input, command.way)
        return
      }
      case 'pass':
        return isSeen ? this.#pass(command.ms) : this.#settle().then(() => this.#pass(command.ms))
      case 'turn':
        return this.#settle()
      case 'flush':
        return this.#job.flush().then(() => this.#settle())
      case 'look':
        expectBalanced(this.#job as unknown as Job)
        return
      case 'end':
        if (this.#ended.has(command.input) || this.#ending.includes(command.input)) return
        if (this.#ended.size + this.#ending.length >= rules.sources - 1 || command.input >= rules.sources) return
        this.#ending.push(command.input)
        this.#sources[command.input]!.end()
        return
      case 'cut': {
        if (this.#cut !== undefined) return
        const taken = this.#job.checkpoint()
        taken.catch(() => {})
        this.#enterAll()
        this.#cut = {
          taken,
          model: this.#model.cut(),
          given: this.#given.length,
          ended: new Set(this.#ended),
          lines: this.#lines.length,
          late: this.#late.length,
        }
        return
      }
      case 'restart':
        return this.#cut && this.#restart(this.#cut)
      case 'goOn':
        return this.#goOn()
    }
  }

  /** Ends the job, and compares all of it. */
  async finish(): Promise<void> {
    const { ending } = this.#setup
    if (ending === 'drain' || ending === 'suspend') {
      const summary = await this.#job.stop(ending === 'drain' ? { drain: true } : {})
      this.#enterAll()
      if (ending === 'drain') this.#model.over()
      this.#compareCounts(summary)
    } else if (ending === 'sources') {
      await this.#settle()
      for (const [i, source] of this.#sources.entries()) {
        if (this.#ended.has(i)) continue
        source.end()
        await turn()
        if (this.#ended.size < this.#sources.length - 1) this.#model.end(i)
        this.#ended.add(i)
      }
      this.#model.over()
      this.#compareCounts(await this.#job.done)
    } else {
      const { queued } = this.#job.counts()
      if (!this.#setup.isSeen) while (this.#waiting.length > queued) this.#enter()
      expect(queued).toBe(this.#waiting.length)
      if (ending === 'abandon') void this.#job.stop({ drain: false })
      else this.#abort.abort()
      const summary = await this.#job.done
      expect(summary.abandoned).toBe(queued)
      this.#compareCounts(summary)
    }
    this.#compare()
  }

  /** Resolves when what was given went through, and ends of sources behind it. */
  async #settle(): Promise<void> {
    await turn()
    this.#enterAll()
    for (const input of this.#ending.splice(0)) {
      this.#ended.add(input)
      this.#model.end(input)
    }
    this.#compare()
    const { currentInputWatermark } = this.#job.metrics()
    // What moves with the clock is brought up to the present when something comes of it.
    if (this.#setup.rules.watermarks.kind !== 'physical') expect(currentInputWatermark).toBe(this.#model.watermark)
    else expect(currentInputWatermark).toBeLessThanOrEqual(this.#model.watermark)
    this.#compareCounts(this.#job.counts())
  }

  #pass(ms: number): void {
    this.#clock.advance(ms)
    this.#model.passTo(this.#clock.now(), this.#waits)
  }

  async #restart(cut: Cut): Promise<void> {
    await this.#settle()
    this.#cut = undefined
    const { bytes } = await cut.taken
    await this.#job.stop({ drain: false })
    const given = this.#given.splice(cut.given)
    const endLater = [...this.#ended].filter(input => !cut.ended.has(input))
    this.#ended.clear()
    for (const input of cut.ended) this.#ended.add(input)
    this.#model = cut.model(this.#clock.now())
    this.#lines.length = cut.lines
    this.#late.length = cut.late
    await this.#startAgain(bytes)
    for (const each of given) {
      this.#given.push(each)
      this.#give([each], each.input, 'push')
    }
    this.#ending.push(...endLater)
    for (const input of endLater) this.#sources[input]!.end()
    await this.#settle()
  }

  /** Ends the job with a last checkpoint, and goes on from there. */
  async #goOn(): Promise<void> {
    await this.#settle()
    this.#cut = undefined
    this.#compareCounts(await this.#job.stop())
    this.#compare()
    this.#model = this.#model.cut()(this.#clock.now())
    await this.#startAgain('latest')
  }

  /** A job that begins from a checkpoint of this moment. Sources that had ended have nothing more to give. */
  async #startAgain(from: Uint8Array | 'latest'): Promise<void> {
    ;[this.#enteredHere, this.#badHere, this.#buried] = [0, 0, 0]
    await this.start(from)
    for (const input of this.#ended) this.#sources[input]!.end()
    await turn()
    expect(this.#job.restored?.inputs.map(({ rows }) => rows)).toEqual(
      [...this.#sources.keys(), this.#sources.length].map(i => this.#given.filter(({ input }) => input === i).length),
    )
  }

  #give(given: readonly Given[], input: number, way: 'push' | 'tryPush' | 'pushMany' | 'pushColumns'): void {
    const into = input === this.#sources.length ? this.#job : (this.#sources[input]!.intake as unknown as Running)
    const all = given.map(({ row, fits }) => ({ ...row, time: fits ? row.time : Number.NaN }))
    const enter = (part: readonly Given[]) => {
      this.#waiting.push(...part.filter(({ fits }) => fits))
      this.#badHere += part.filter(({ fits }) => !fits).length
    }
    if (way === 'pushMany' || way === 'pushColumns') {
      enter(given)
      const columns = Object.fromEntries(Object.keys(all[0]!).map(name => [name, all.map(row => row[name as 'id'])]))
      expect(way === 'pushMany' ? into.pushMany(all) : into.pushColumns(columns)).toBe(true)
      return
    }
    for (const [i, event] of all.entries()) {
      enter([given[i]!])
      const tries = way === 'tryPush' && input === this.#sources.length
      expect(tries ? into.tryPush(event) : into.push(event)).toBe(true)
    }
  }

  /** A row is about to meet the event time. */
  #meets(id: number): true {
    const next = this.#waiting[0]
    if (next?.row.id !== id) this.#wrong ??= `row ${id} came, and not ${next?.row.id}`
    this.#model.passTo(this.#clock.now(), this.#waits)
    this.#enter()
    this.#model.letGo(this.#waits)
    return true
  }

  #wrong: string | undefined

  #enter(): void {
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#enteredHere++
    this.#model.row(next.input, next.row)
  }

  #enterAll(): void {
    if (this.#setup.isSeen) expect(this.#waiting).toEqual([])
    while (this.#waiting.length > 0) this.#enter()
  }

  #compare(): void {
    expect(this.#wrong).toBeUndefined()
    expect(inOrderOfKeys(this.#lines)).toEqual(inOrderOfKeys(this.#model.fired.map(lineOfModel)))
    expect(this.#late).toEqual(this.#model.late)
  }

  #compareCounts(counts: Omit<JobCounts, 'queued'>): void {
    expect(counts).toMatchObject({
      offered: this.#enteredHere + this.#waiting.length + this.#badHere,
      delivered: this.#enteredHere,
      invalid: this.#badHere,
      evicted: 0,
    })
    if (this.#setup.badRows === 'deadLetter') expect(this.#buried).toBe(this.#badHere)
  }

  readonly #waits = (input: number): boolean => this.#waiting.some(each => each.input === input)
}
