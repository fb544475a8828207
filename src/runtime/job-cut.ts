import type { Section } from '../checkpoint/checkpoint-format.ts'
import { capturedSections, type NamedState, type RestoreTolerance, restoreSections } from '../checkpoint/named-state.ts'
import { sizeOfState } from '../checkpoint/stateful.ts'
import { allSteps, inTurns, type Steps } from '../checkpoint/steps.ts'
import type { Source } from '../connector/source.ts'
import type { ElsewhereStates } from '../operators/chain.ts'
import { chainStates, restoreChain } from '../operators/chain-state.ts'
import { partsOf, sectionsOfParts } from '../operators/state-parts.ts'
import type { Clock } from '../time/clock.ts'
import { EventDrivenClock } from '../time/event-driven-clock.ts'
import type { Assembly } from './assemble.ts'
import type { Barrier, Checkpointed, Snapshot } from './checkpointed.ts'
import { JobInputs } from './job-inputs.ts'
import { SinkTransactions } from './sink-transactions.ts'

/** The job a cut goes through. */
interface CutDriver {
  /** Has the task work, if that is possible now. */
  work(): void
  failed(error: unknown): void
}

/** The cut through a job: barriers go through its ring, behind the rows accepted so far, and on to the workers it has. */
export class JobCut implements Checkpointed {
  readonly inputs: JobInputs
  readonly #assembly: Assembly
  readonly #clock: Clock
  readonly #time: NamedState[]
  readonly #sinks: readonly { readonly name: string; readonly state: SinkTransactions }[]
  #driver: CutDriver | undefined
  /** Bytes of each section in the last cut: what the next one is given room for. */
  readonly #lengths = new Map<string, number>()

  constructor(parts: {
    readonly assembly: Assembly
    readonly sources: readonly Source[]
    readonly clock: Clock
    readonly streamClock: Clock
  }) {
    const { assembly, sources, clock, streamClock } = parts
    this.#assembly = assembly
    this.#clock = clock
    this.inputs = new JobInputs(sources, input => assembly.edge.settled(input))
    this.#time = streamClock instanceof EventDrivenClock ? [{ name: 'clock', state: timeOf(streamClock) }] : []
    this.#sinks = assembly.sinks.map(sink => ({
      name: `sink/${sink.branch ?? ''}`,
      state: new SinkTransactions(sink),
    }))
  }

  start(driver: CutDriver): void {
    this.#driver = driver
  }

  snapshotAt({ id }: Barrier): Promise<Snapshot> {
    this.inputs.mark(id)
    const inputs = this.#sectionsOf(this.inputs.states)
    const { elsewhere } = this.#assembly.chain
    const cut = new Promise<Snapshot>((resolve, reject) => {
      const aligned = (): boolean => {
        const startNs = this.#clock.monotonicNs()
        let rest: Steps<readonly Section[]>
        try {
          rest = this.#captured([...this.#time, ...chainStates(this.#assembly.chain)])
        } catch (error) {
          reject(error)
          return true
        }
        const pauseNs = this.#clock.monotonicNs() - startNs
        const prepared = this.#sinks.map(({ state }) => state.prepare(id))
        const kept = elsewhere?.statesAt(id)
        Promise.all([kept, ...prepared.map(each => each.prepared)]).then(
          ([states]) => {
            const { parts, pauseNs: thereNs } = (states as ElsewhereStates | undefined) ?? NOTHING_ELSEWHERE
            const spread =
              elsewhere === undefined || elsewhere.layout === '' ? [] : sectionsOfParts(elsewhere.layout, parts)
            const sinks = this.#sectionsOf(this.#sinkStates(id))
            inTurns(rest).then(
              sections =>
                resolve({ sections: [...inputs, ...sections, ...spread, ...sinks], pauseNs: pauseNs + thereNs }),
              reject,
            )
          },
          // The next checkpoint would count as kept what this sink could not keep.
          error => {
            this.#driver?.failed(error)
            reject(error)
          },
        )
        return prepared.every(({ isThrough }) => isThrough)
      }
      this.#assembly.task.follow(() => (elsewhere === undefined ? aligned() : elsewhere.barrier(id, aligned)))
    })
    this.#driver?.work()
    return cut
  }

  async completed({ id }: Barrier): Promise<void> {
    await Promise.all(this.#sinks.map(({ state }) => state.commit(id)))
  }

  async forget({ id }: Barrier): Promise<void> {
    await this.inputs.forget(id)
  }

  /** Puts everything where it was. Before any source starts, and before the first row. */
  async restore(id: number, sections: readonly Section[], tolerance: RestoreTolerance): Promise<void> {
    const given = partsOf(sections)
    const here = await restoreChain(this.#assembly.chain, given, tolerance)
    restoreSections(
      [...this.#time, ...this.inputs.states, ...here.states, ...this.#sinkStates(0)],
      here.sections,
      tolerance,
    )
    await this.completed({ id })
    await this.abort(id)
  }

  /** Has sinks throw away what was written behind the checkpoint the job begins from; 0: it begins from none. */
  async abort(id: number): Promise<void> {
    await Promise.all(this.#sinks.map(({ state }) => state.abort(id)))
  }

  #sinkStates(id: number): readonly NamedState[] {
    return this.#sinks.map(({ name, state }) => ({ name, state: state.asOf(id) }))
  }

  #sectionsOf(states: readonly NamedState[]): readonly Section[] {
    return allSteps(this.#captured(states))
  }

  #captured(states: readonly NamedState[]): Steps<readonly Section[]> {
    return this.#measured(capturedSections(states, name => (this.#lengths.get(name) ?? 256) + 64))
  }

  *#measured(steps: Steps<readonly Section[]>): Steps<readonly Section[]> {
    const sections = yield* steps
    for (const { name, bytes } of sections) this.#lengths.set(name, bytes.length)
    return sections
  }
}

const NOTHING_ELSEWHERE: ElsewhereStates = { parts: [], pauseNs: 0 }

/** The time of a clock that rows move, as a state. */
function timeOf(clock: EventDrivenClock): NamedState['state'] {
  const state: NamedState['state'] = {
    snapshot: writer => writer.f64(clock.now()),
    restore: reader => void clock.stepTowards(reader.finite()),
    sizeBytes: () => sizeOfState(state),
  }
  return state
}
