import { optionInvalid, show } from '../errors.ts'
import { checkNeededOptions, type OptionNames } from '../options.ts'
import { type Clock, systemClock } from '../time/clock.ts'
import { type ArchiveOptions, CheckpointArchive, type SavedCheckpoint } from './checkpoint-archive.ts'
import type { Section } from './checkpoint-format.ts'
import { type NamedState, restoreSections, sectionsOf } from './named-state.ts'
import { loadCheckpoint, type RestoredCheckpoint, type RestoreOptions } from './restore.ts'
import { type Stateful, sizeOfState } from './stateful.ts'

/** How a manager of states keeps them. */
export interface StateManagerOptions extends ArchiveOptions {
  /** Default: the runtime's clock. */
  readonly clock?: Clock
}

const NAMES: OptionNames<StateManagerOptions> = {
  store: true,
  retain: true,
  fullEvery: true,
  compress: true,
  clock: true,
}

/**
 * Takes checkpoints of whatever keeps a state, and brings it back: what a job does with its operators, for those who run
 * something of their own.
 *
 * @example
 * ```ts
 * class Visits implements Stateful {
 *   readonly #byPage = new Map<string, number>()
 *   visit(page: string): void {
 *     this.#byPage.set(page, (this.#byPage.get(page) ?? 0) + 1)
 *   }
 *   snapshot(writer: StateWriter): void {
 *     writer.value(this.#byPage)
 *   }
 *   restore(reader: StateReader): void {
 *     for (const [page, count] of reader.value() as Map<string, number>) this.#byPage.set(page, count)
 *   }
 *   sizeBytes(): number {
 *     return sizeOfState(this)
 *   }
 * }
 *
 * const visits = new Visits()
 * const manager = new StateManager({ store: memoryStore() }).register('visits', visits)
 * await manager.restore() // undefined: there is no checkpoint yet
 * visits.visit('/')
 * await manager.checkpoint()
 * ```
 */
export class StateManager {
  readonly #archive: CheckpointArchive
  readonly #store: StateManagerOptions['store']
  readonly #clock: Clock
  readonly #states: NamedState[] = []
  #saving: Promise<unknown> = Promise.resolve()

  /** @throws EventfluxError `OPTION_INVALID` */
  constructor(options: StateManagerOptions) {
    checkNeededOptions('StateManager', options, NAMES)
    this.#archive = new CheckpointArchive(options)
    this.#store = options.store
    this.#clock = options.clock ?? systemClock
  }

  /**
   * Takes something into all checkpoints to come.
   *
   * @param name Finds it again in a checkpoint: it must not change from one version of a program to the next.
   * @throws EventfluxError `OPTION_INVALID` for an empty name, and one that is taken.
   */
  register(name: string, state: Stateful): this {
    if (name === '' || this.#states.some(each => each.name === name))
      throw optionInvalid(`a state is registered under a name of its own, not ${show(name)}`, { value: name })
    this.#states.push({ name, state })
    return this
  }

  /**
   * Takes a checkpoint. The states are asked at once, all of them in this turn; what is left waits for the store. Resolves
   * once it is durable; older ones than are to be kept are gone then.
   *
   * @throws EventfluxError `CHECKPOINT_FAILED` when the store fails, `CHECKPOINT_CONFLICT` when another writer was faster,
   * and whatever the states throw. Earlier checkpoints are as they were.
   */
  async checkpoint(): Promise<SavedCheckpoint> {
    const sections = sectionsOf(this.#states)
    const createdMs = this.#clock.now()
    const saved = this.#saving.then(() => this.#save(createdMs, sections))
    this.#saving = saved.catch(() => {})
    return saved
  }

  /**
   * Gives the states what the newest checkpoint holds of them. Once, before they have anything; undefined when there is no
   * checkpoint. When it throws, some may have their state and others not: start over with new ones.
   *
   * @throws EventfluxError `CHECKPOINT_INVALID` for a damaged one, `CHECKPOINT_MISMATCH` for one of other states,
   * `CHECKPOINT_FAILED` when the store fails.
   */
  async restore(options: RestoreOptions = {}): Promise<RestoredCheckpoint | undefined> {
    const loaded = await loadCheckpoint({ from: this.#store, ...options })
    if (loaded === undefined) return undefined
    restoreSections(this.#states, loaded.sections, options)
    const { id, createdMs } = loaded.meta
    return { id, createdMs, skipped: loaded.skipped }
  }

  /** Bytes the states would take in a checkpoint. Walks them: not for every event. */
  sizeBytes(): number {
    return this.#states.reduce((sum, { state }) => sum + sizeOfState(state), 0)
  }

  async #save(createdMs: number, sections: readonly Section[]): Promise<SavedCheckpoint> {
    await this.#archive.open()
    const checkpoint = await this.#archive.save({ id: this.#archive.nextId(), createdMs, labels: {} }, sections)
    await this.#archive.prune()
    return checkpoint
  }
}
