import { CheckpointArchive, type LoadedCheckpoint } from '../checkpoint/checkpoint-archive.ts'
import type { CheckpointMeta } from '../checkpoint/checkpoint-meta.ts'
import type { CheckpointStore } from '../checkpoint/checkpoint-store.ts'
import { loadCheckpoint, type RestoredCheckpoint, type RestoreOptions, restoreOptions } from '../checkpoint/restore.ts'
import type { Source } from '../connector/source.ts'
import { checkpointMismatch, EventfluxError, optionInvalid, show } from '../errors.ts'
import { orderBySpread } from '../operators/state-parts.ts'
import { fingerprint } from '../plan/fingerprint.ts'
import type { LogicalPlan } from '../plan/logical-node.ts'
import type { Clock } from '../time/clock.ts'
import type { Assembly } from './assemble.ts'
import { CheckpointCoordinator } from './checkpoint-coordinator.ts'
import type { CheckpointOptions, RestoreFrom } from './checkpoint-options.ts'
import { JobCut } from './job-cut.ts'
import type { InputPosition } from './job-inputs.ts'
import type { OutputOrder } from './output-order.ts'

/** The checkpoint a job was restored from. */
export interface RestoredJob extends RestoredCheckpoint {
  /** How far each input had come: where the stream was rewound to. What was pushed comes last. */
  readonly inputs: readonly InputPosition[]
}

/** How a job takes checkpoints, and what it begins from. */
export class JobRecovery {
  readonly coordinator: CheckpointCoordinator
  readonly cut: JobCut
  /** Whether checkpoints are kept, so that the job can go on some other time. */
  readonly isKept: boolean
  /** Whether a last checkpoint is taken when the job stops: it is kept, or sinks commit with it. */
  readonly takesLast: boolean
  readonly #archive: CheckpointArchive
  readonly #order: OutputOrder
  /** What checkpoints are of. */
  readonly #labels: { readonly plan: string; readonly schema: string; readonly engine: string; readonly order: string }
  readonly #restore: RestoreOptions | undefined

  constructor(parts: {
    readonly checkpoint: CheckpointOptions | undefined
    readonly restore: RestoreFrom | undefined
    readonly plan: LogicalPlan
    readonly engine: string
    readonly assembly: Assembly
    /** Whether results come in one order whatever the number of workers. */
    readonly isTotallyOrdered: boolean
    readonly sources: readonly Source[]
    readonly clock: Clock
    readonly streamClock: Clock
    readonly failed: (error: unknown) => void
  }) {
    const { checkpoint, plan, engine, assembly, clock } = parts
    checkPace(checkpoint)
    this.isKept = checkpoint !== undefined
    this.takesLast = this.isKept || assembly.sinks.some(({ isTransactional }) => isTransactional)
    this.#restore = restoreOptions(parts.restore, checkpoint?.store)
    this.#archive = new CheckpointArchive(checkpoint ?? { store: NOWHERE })
    this.cut = new JobCut(parts)
    this.#order = assembly.order
    const order = parts.isTotallyOrdered ? GLOBAL : orderBySpread(assembly.chain.elsewhere?.layout ?? '')
    this.#labels = { plan: fingerprint(plan.nodes), schema: fingerprint(plan.source), engine, order }
    this.coordinator = new CheckpointCoordinator({
      archive: this.#archive,
      job: this.cut,
      clock,
      labels: this.#labels,
      pace: checkpoint ?? {},
      accepted: () => assembly.edge.ledger.accepted,
      failed: parts.failed,
    })
  }

  /** Brings back what the checkpoint holds, before anything starts; undefined: the job begins anew. */
  async restore(): Promise<RestoredJob | undefined> {
    const options = this.#restore
    const loaded = options && (await loadCheckpoint(options))
    if (loaded !== undefined) await this.#restoreCut(loaded, options!)
    else if (options !== undefined) await this.cut.abort(0)
    this.#order.begin(loaded === undefined || this.#isSameOrder(loaded.meta))
    await this.#archive.open(loaded?.meta.id)
    if (loaded === undefined) return undefined
    const { id, createdMs } = loaded.meta
    return { id, createdMs, skipped: loaded.skipped, inputs: this.cut.inputs.positions }
  }

  async #restoreCut({ meta, sections }: LoadedCheckpoint, options: RestoreOptions): Promise<void> {
    try {
      await this.cut.restore(meta.id, sections, options)
    } catch (error) {
      const { plan, schema, order } = meta.labels
      const isSamePlan = plan === this.#labels.plan && schema === this.#labels.schema
      const [was, is] = [order === GLOBAL, this.#labels.order === GLOBAL]
      if (!(error instanceof EventfluxError && error.code === 'CHECKPOINT_MISMATCH' && isSamePlan && was !== is))
        throw error
      throw checkpointMismatch(
        `the checkpoint is of a job ${was ? 'with' : 'without'} order: 'global', and windows of workers keep ${was ? 'what that goes by' : 'nothing it could go by'}: run it ${was ? 'with' : 'without'} it, or drain the job that was and begin anew behind it`,
        { value: order, at: 'order', cause: error },
      )
    }
  }

  /** Whether rows come out in the order they did when the checkpoint was taken. */
  #isSameOrder({ labels }: CheckpointMeta): boolean {
    return (['plan', 'schema', 'order'] as const).every(label => labels[label] === this.#labels[label])
  }
}

/** What checkpoints of jobs say whose results come in the order of one thread. */
const GLOBAL = 'global'

/** The store of a job that keeps none: who asked for a checkpoint has its bytes. */
const NOWHERE: CheckpointStore = {
  name: 'nowhere',
  list: async () => [],
  get: async () => undefined,
  put: async () => {},
  delete: async () => {},
}

function checkPace(options: CheckpointOptions | undefined): void {
  for (const name of ['everyMs', 'everyEvents'] as const) {
    const value = options?.[name]
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      throw optionInvalid(`checkpoint.${name} is a whole number of at least 1, not ${show(value)}`, { value, at: name })
  }
}
