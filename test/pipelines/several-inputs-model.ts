/** A row as the event time meets it. */
export interface ModelRow {
  readonly id: number
  readonly key: number
  readonly time: number
  /** Whether a punctuated watermark stands in it, and which. */
  readonly marks: boolean
  readonly stamp: number | null
  /** Whether a filter in front of the event time lets it through. */
  readonly stays: boolean
}

export type ModelWatermarks =
  | { readonly kind: 'bounded'; readonly boundMs: number }
  | { readonly kind: 'condition' }
  | { readonly kind: 'timestamp' }
  | { readonly kind: 'physical'; readonly waitMs: number }

export interface Rules {
  /** Inputs beside what is pushed. */
  readonly sources: number
  readonly watermarks: ModelWatermarks
  readonly idlenessMs: number | undefined
  readonly sizeMs: number
  readonly slideMs: number
  readonly latenessMs: number
}

/** One group of a window that fired, and when. */
export interface Fired {
  readonly atMs: number
  readonly start: number
  readonly key: number
  readonly ids: readonly number[]
}

interface Input {
  own: number
  takesPart: boolean
  /** When it had its last row. */
  seenMs: number
}

/**
 * Several inputs, their watermarks and the windows behind them, one row and one millisecond at a time: what
 * the tables of docs/time.md and docs/windows.md say, written the obvious way.
 */
export class InputsModel {
  readonly fired: Fired[] = []
  readonly late: number[] = []
  watermark = Number.NEGATIVE_INFINITY
  readonly #rules: Rules
  readonly #inputs: Input[]
  readonly #windows = new Map<number, Map<number, number[]>>()
  #nowMs: number

  constructor(rules: Rules, nowMs: number) {
    this.#rules = rules
    this.#nowMs = nowMs
    this.#inputs = Array.from({ length: rules.sources + 1 }, (_, i) => ({
      own: Number.NEGATIVE_INFINITY,
      takesPart: i < rules.sources,
      seenMs: nowMs,
    }))
  }

  /** A model that goes on from here at a later time, in which nothing has happened. */
  cut(): (nowMs: number) => InputsModel {
    const { watermark } = this
    const inputs = structuredClone(this.#inputs)
    const windows = structuredClone(this.#windows)
    const [fired, late] = [[...this.fired], [...this.late]]
    return nowMs => {
      const model = new InputsModel(this.#rules, nowMs)
      model.watermark = watermark
      for (const [i, input] of inputs.entries()) Object.assign(model.#inputs[i]!, input, { seenMs: nowMs })
      for (const [start, groups] of structuredClone(windows)) model.#windows.set(start, groups)
      model.fired.push(...fired)
      model.late.push(...late)
      return model
    }
  }

  /** Time passes. `waits` says of which inputs rows wait in the queue of the job. */
  passTo(nowMs: number, waits: (input: number) => boolean): void {
    while (this.#nowMs < nowMs) {
      this.#nowMs++
      if (this.#rules.watermarks.kind === 'physical') for (const input of this.#inputs) input.own++
      this.#settle()
      this.letGo(waits)
    }
  }

  /** Inputs whose time is over are idle, behind all rows that wait; those of which rows wait aren't. */
  letGo(waits: (input: number) => boolean): void {
    const { idlenessMs = Number.POSITIVE_INFINITY } = this.#rules
    const isClear = !this.#inputs.some((_, i) => waits(i))
    for (const [i, input] of this.#inputs.entries()) {
      if (!input.takesPart || this.#nowMs < input.seenMs + idlenessMs) continue
      if (waits(i)) input.seenMs = this.#nowMs
      else if (isClear) input.takesPart = false
    }
    this.#settle()
  }

  row(input: number, row: ModelRow): void {
    if (!row.stays) return
    this.#take(row)
    const from = this.#inputs[input]!
    from.own = Math.max(from.own, this.#ledTo(row))
    from.seenMs = this.#nowMs
    from.takesPart = true
    this.#settle()
  }

  end(input: number): void {
    const ended = this.#inputs[input]!
    ended.own = Number.POSITIVE_INFINITY
    ended.takesPart = false
    this.#settle()
  }

  /** All inputs have ended. */
  over(): void {
    this.#leadTo(Number.POSITIVE_INFINITY)
  }

  #ledTo({ time, marks, stamp }: ModelRow): number {
    const { watermarks } = this.#rules
    if (watermarks.kind === 'bounded') return time - watermarks.boundMs - 1
    if (watermarks.kind === 'physical') return time - watermarks.waitMs
    if (watermarks.kind === 'condition') return marks ? time : Number.NEGATIVE_INFINITY
    return stamp ?? Number.NEGATIVE_INFINITY
  }

  #take(row: ModelRow): void {
    const { sizeMs, slideMs, latenessMs } = this.#rules
    const taking: number[] = []
    for (let start = Math.floor(row.time / slideMs) * slideMs; start + sizeMs > row.time; start -= slideMs) {
      if (start + sizeMs - 1 + latenessMs > this.watermark) taking.unshift(start)
    }
    if (taking.length === 0) this.late.push(row.id)
    for (const start of taking) {
      const groups = this.#windows.get(start) ?? new Map<number, number[]>()
      this.#windows.set(start, groups)
      groups.set(row.key, [...(groups.get(row.key) ?? []), row.id])
      if (start + sizeMs - 1 <= this.watermark) this.#give(start, row.key, groups.get(row.key)!)
    }
  }

  #settle(): void {
    const parts = this.#inputs.filter(({ takesPart }) => takesPart)
    const least = Math.min(...parts.map(({ own }) => own))
    if (parts.length > 0 && least > this.watermark) this.#leadTo(least)
  }

  #leadTo(watermark: number): void {
    const { sizeMs, latenessMs } = this.#rules
    const lastOf = (start: number) => start + sizeMs - 1
    const before = this.watermark
    this.watermark = watermark
    const due = [...this.#windows.keys()].filter(start => lastOf(start) > before && lastOf(start) <= watermark)
    for (const start of due.sort((a, b) => a - b))
      for (const [key, ids] of this.#windows.get(start)!) this.#give(start, key, ids)
    for (const start of this.#windows.keys()) if (lastOf(start) + latenessMs <= watermark) this.#windows.delete(start)
  }

  #give(start: number, key: number, ids: readonly number[]): void {
    this.fired.push({ atMs: this.#nowMs, start, key, ids: [...ids] })
  }
}
