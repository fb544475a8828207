import { optionInvalid } from '../errors.ts'
import type { MeasuredEdge } from './edge-metrics.ts'
import type { OperatorMetrics } from './operator-metrics.ts'
import { countText, durationText, shareText } from './wording.ts'

/** An edge went over or back under its thresholds. */
export interface PressureEvent {
  readonly state: 'over' | 'under'
  /** `from→to`. */
  readonly edge: string
  readonly depth: number
  readonly capacity: number
  readonly strategy: string
  /** The stage that is too slow, as far as the chain shows: the one after the last edge in a row under pressure. */
  readonly rootCause: string
  /** All of it as a sentence with numbers. */
  readonly message: string
}

export interface PressureMonitorOptions {
  /** Share of the capacity at which an edge is under pressure; default 0.8. */
  readonly over?: number
  /** Share below which it no longer is; default 0.5. */
  readonly under?: number
  /** Where a stage's cost per row is looked up by name, for the message. */
  readonly operators?: readonly OperatorMetrics[]
}

/**
 * Watches a chain of edges and says when one fills up, and which stage is to blame.
 *
 * Pressure walks upstream: a slow stage fills the edge before it, which blocks the stage before that, and so on. So the
 * cause is found by walking downstream from the edge for as long as the next edge is under pressure too.
 */
export class PressureMonitor {
  readonly #chain: readonly MeasuredEdge[]
  readonly #emit: (event: PressureEvent) => void
  readonly #over: number
  readonly #under: number
  readonly #operators: readonly OperatorMetrics[]
  /** Per edge: 1 while under pressure. */
  readonly #pressed: Uint8Array

  /**
   * @param chain The edges in data order, each one's `to` reading for the next one's `from`.
   * @throws EventfluxError `OPTION_INVALID` unless 0 <= under < over <= 1.
   */
  constructor(
    chain: readonly MeasuredEdge[],
    emit: (event: PressureEvent) => void,
    options: PressureMonitorOptions = {},
  ) {
    const { over = 0.8, under = 0.5, operators = [] } = options
    if (!(under >= 0 && under < over && over <= 1))
      throw optionInvalid(`pressure thresholds need 0 <= under < over <= 1, not under ${under} and over ${over}`)
    this.#chain = [...chain]
    this.#emit = emit
    this.#over = over
    this.#under = under
    this.#operators = operators
    this.#pressed = new Uint8Array(chain.length)
  }

  /** Looks at all edges; cheap enough for every turn of the job, and without allocation while nothing changes. */
  check(): void {
    let changed = false
    for (let i = 0; i < this.#chain.length; i++) {
      const share = this.#chain[i]!.utilization
      const pressed = this.#pressed[i] === 0 ? share >= this.#over : share >= this.#under
      // Bit 1 remembers a change until all edges were looked at: the cause depends on the edges downstream.
      if (pressed !== (this.#pressed[i] === 1)) {
        this.#pressed[i] = pressed ? 3 : 2
        changed = true
      }
    }
    if (changed) this.#report()
  }

  #report(): void {
    const events: PressureEvent[] = []
    for (let i = 0; i < this.#chain.length; i++)
      if (this.#pressed[i]! > 1) events.push((this.#pressed[i]! & 1) === 1 ? this.#overEvent(i) : this.#underEvent(i))
    for (let i = 0; i < this.#pressed.length; i++) this.#pressed[i] = this.#pressed[i]! & 1
    for (const event of events) this.#emit(event)
  }

  #overEvent(index: number): PressureEvent {
    let last = index
    while (last + 1 < this.#chain.length && (this.#pressed[last + 1]! & 1) === 1) last++
    const edge = this.#chain[index]!
    const { depth, capacity, strategy } = edge
    const rootCause = this.#chain[last]!.to
    const fill = `edge ${edge.name} is ${shareText(edge.utilization)} full (${countText(depth)} of ${countText(capacity)})`
    const through = last > index ? ` and edge ${this.#chain[last]!.name} before it is full too` : ''
    const message = `${fill} because ${this.#blame(rootCause)}${through}: ${consequence(strategy)}`
    return { state: 'over', edge: edge.name, depth, capacity, strategy, rootCause, message }
  }

  #underEvent(index: number): PressureEvent {
    const edge = this.#chain[index]!
    const { depth, capacity, strategy } = edge
    const message =
      `edge ${edge.name} has drained to ${shareText(edge.utilization)} ` +
      `(${countText(depth)} of ${countText(capacity)}): ${edge.to} keeps up again`
    return { state: 'under', edge: edge.name, depth, capacity, strategy, rootCause: edge.to, message }
  }

  #blame(stage: string): string {
    const operator = this.#operators.find(({ name }) => name === stage)
    if (operator === undefined || operator.numRecordsIn === 0 || operator.busyNs === 0)
      return `${stage} takes rows slower than they come`
    return `${stage} takes ${durationText(operator.busyNs / operator.numRecordsIn)} a row`
  }
}

/** What happens on an edge of this strategy once it is full. */
function consequence(strategy: string): string {
  switch (strategy) {
    case 'block':
      return 'the producer waits for room'
    case 'drop-oldest':
      return 'when it is full, the oldest rows are dropped'
    case 'drop-newest':
      return 'when it is full, new rows are refused'
    case 'error':
      return 'when it is full, the job fails'
    case 'unbounded':
      return 'it goes on growing up to its limit'
    default:
      return `when it is full, its strategy ${strategy} decides`
  }
}
