import type { CheckpointArchive, SavedCheckpoint } from '../checkpoint/checkpoint-archive.ts'
import { closed, EventfluxError } from '../errors.ts'
import { CheckpointMetrics } from '../metrics/checkpoint-metrics.ts'
import type { Clock } from '../time/clock.ts'
import type { CheckpointPace } from './checkpoint-options.ts'
import type { Checkpointed } from './checkpointed.ts'

/** A checkpoint of a job. */
export interface JobCheckpoint extends SavedCheckpoint {
  /** How long rows had to wait for it, in milliseconds. */
  readonly pauseMs: number
  /** From the barrier's start to being durable, in milliseconds. */
  readonly durationMs: number
}

/** Has checkpoints taken of whatever runs the operators: barrier, bytes, store, commit, one after the other. */
export class CheckpointCoordinator {
  readonly #archive: CheckpointArchive
  readonly #job: Checkpointed
  readonly #clock: Clock
  readonly #labels: Readonly<Record<string, string>>
  readonly #pace: CheckpointPace
  readonly #accepted: () => number
  readonly #failed: (error: unknown) => void
  readonly metrics: CheckpointMetrics
  readonly #waiting = new Set<(error: unknown) => void>()
  #saving: Promise<unknown> = Promise.resolve()
  #acceptedThen = 0
  #cancel: (() => void) | undefined
  #hasEnded = false

  constructor(parts: {
    readonly archive: CheckpointArchive
    readonly job: Checkpointed
    readonly clock: Clock
    /** What the checkpoints are of. */
    readonly labels: Readonly<Record<string, string>>
    readonly pace: CheckpointPace
    /** Rows accepted so far. */
    readonly accepted: () => number
    /** Ends the job. */
    readonly failed: (error: unknown) => void
  }) {
    this.#archive = parts.archive
    this.#job = parts.job
    this.#clock = parts.clock
    this.metrics = new CheckpointMetrics(parts.clock)
    this.#labels = parts.labels
    this.#pace = parts.pace
    this.#accepted = parts.accepted
    this.#failed = parts.failed
  }

  /** Begins to take checkpoints by the clock. */
  start(): void {
    this.#plan()
  }

  /** Rows were accepted: enough of them for a checkpoint? */
  rowsAccepted(): void {
    const { everyEvents } = this.#pace
    if (everyEvents !== undefined && this.#waiting.size === 0 && this.#accepted() - this.#acceptedThen >= everyEvents)
      void this.takeByPolicy()
  }

  /**
   * Takes a checkpoint of the rows accepted so far. Resolves once it is durable, and sinks have committed.
   *
   * @param isWhole Whether it must stand by itself.
   */
  async take(isWhole: boolean): Promise<JobCheckpoint> {
    if (this.#hasEnded) throw closed('the job has ended: there is nothing to take a checkpoint of')
    const startNs = this.#clock.monotonicNs()
    const createdMs = this.#clock.now()
    const barrier = { id: this.#archive.nextId() }
    this.#acceptedThen = this.#accepted()
    let giveUp: (error: unknown) => void = () => {}
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = reject
      this.#waiting.add(giveUp)
    })
    const snapshot = this.#job.snapshotAt(barrier)
    const saved = Promise.all([snapshot, this.#saving.catch(() => {})]).then(async ([{ sections, pauseNs }]) => {
      // A sink may have lost what it was to keep, and that be what the job failed on.
      this.#throwIfEnded()
      const meta = { id: barrier.id, createdMs, labels: this.#labels }
      const checkpoint = await this.#archive.save(meta, sections, isWhole)
      // Sinks are closed by now, or will be in a moment: who begins from the checkpoint commits.
      this.#throwIfEnded()
      await this.#committed(barrier)
      const oldest = await this.#archive.prune()
      if (oldest !== undefined) await this.#job.forget({ id: oldest })
      const durationMs = (this.#clock.monotonicNs() - startNs) / 1e6
      const taken = { ...checkpoint, pauseMs: pauseNs / 1e6, durationMs }
      this.metrics.completed(taken, startNs)
      return taken
    })
    saved.catch(error => {
      this.metrics.failed()
      // Who goes on after another writer has won has two jobs take turns in one store.
      if (isLost(error) && !this.#hasEnded) this.#failed(error)
    })
    this.#saving = saved
    try {
      return await Promise.race([saved, givenUp])
    } finally {
      this.#waiting.delete(giveUp)
      // Rows that came meanwhile may be enough for the next, and the last there are.
      if (!this.#hasEnded) this.rowsAccepted()
    }
  }

  /** Takes one that nobody waits for: what it fails on is up to the policy. */
  async takeByPolicy(): Promise<void> {
    try {
      await this.take(false)
    } catch (error) {
      const { onFailure = 'fail' } = this.#pace
      if (this.#hasEnded) return
      try {
        if (onFailure === 'fail') this.#failed(error)
        else if (!isLost(error)) onFailure(error as EventfluxError)
      } catch (cause) {
        this.#failed(cause)
      }
    }
  }

  /** Resolves when what was asked for has been taken, or has failed. */
  async settled(): Promise<void> {
    await this.#saving.catch(() => {})
  }

  /** The job ends: what is under way is given up. */
  end(failure: EventfluxError | undefined): void {
    this.#hasEnded = true
    this.#cancel?.()
    for (const giveUp of this.#waiting) giveUp(failure ?? ended())
  }

  #throwIfEnded(): void {
    if (this.#hasEnded) throw ended()
  }

  async #committed(barrier: { readonly id: number }): Promise<void> {
    try {
      await this.#job.completed(barrier)
    } catch (error) {
      this.#failed(error)
      throw error
    }
  }

  #plan(): void {
    const { everyMs } = this.#pace
    if (everyMs === undefined || this.#hasEnded) return
    this.#cancel = this.#clock.after(everyMs, () => {
      if (this.#waiting.size === 0) void this.takeByPolicy()
      this.#plan()
    })
  }
}

/** Whether another has written to the store. */
const isLost = (error: unknown): boolean => error instanceof EventfluxError && error.code === 'CHECKPOINT_CONFLICT'

const ended = (): EventfluxError => closed('the job ended before the checkpoint was taken')
