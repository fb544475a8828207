import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import type { EventfluxError } from '../errors.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { RejectReason } from '../metrics/counters.ts'
import type { Schema } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'

/** The expected "no" of a push: a value, never an exception. */
interface NotTaken {
  readonly ok: false
  readonly reason: RejectReason
}

/** What became of what was pushed: true when all of it was taken. */
export type IntakeResult = true | NotTaken

/** What a source tells about itself. */
export interface SourceMetadata {
  readonly name: string
  /** The sort of source: `'array'`, `'ndjson'`, `'handler'`, … */
  readonly kind: string
  /** The schema its events follow, if it knows one. */
  readonly schema?: Schema
  /** How far it has been read, in its own unit (events, bytes, a broker's position), if it can tell. */
  readonly offset?: number | string
  /** Whether reading again gives the same events again. */
  readonly replayable: boolean
  /** Whether it ends by itself. */
  readonly bounded: boolean
}

/**
 * What a source offers whose reading can go on where a checkpoint was taken; without it a restored job reads the source
 * as it finds it. Both or neither.
 */
export interface SourcePosition {
  /**
   * Writes the position behind the first `rows` of the rows this source has handed over since its run began: what a fresh
   * source of the same making needs to give exactly the rows behind them. It may have handed over more, which wait for
   * room or are just being taken in; never fewer. Asked at any moment of the run, in the middle of a push too, and once
   * more after it, even when the source is closed.
   */
  snapshot?(writer: StateWriter, rows: number): void
  /**
   * Takes the position back. Once, before `run` (or the first `receive`); rows are counted from there on. The bytes may
   * be anything: what they say is checked before it is gone by.
   */
  restore?(reader: StateReader): void
  /**
   * No checkpoint that is kept begins in front of the first `rows` of the rows handed over since this run began: a source
   * that keeps rows to give them again needs these no more. Called when a checkpoint has become durable. Optional.
   */
  forget?(rows: number): void | Promise<void>
}

/**
 * The pull contract: what a connector to some outside system implements. The library asks it for events.
 *
 * @example
 * const words = ['a', 'b']
 * const handler: SourceHandler<{ word: string }> = {
 *   get done() { return words.length === 0 },
 *   receive() { const word = words.shift(); return word === undefined ? undefined : { word } },
 *   metadata: () => ({ name: 'words', kind: 'handler', replayable: false, bounded: true }),
 * }
 */
export interface SourceHandler<E> extends SourcePosition {
  /**
   * The next event, or undefined when there is none *now*. Never blocks. What it throws ends the source, behind the events
   * it gave before.
   */
  receive(): E | undefined
  /** True once `receive` will never return an event again. */
  readonly done: boolean
  /** Appends up to `max` events to `into`, returns how many. Optional: saves a call per event. */
  receiveBatch?(into: E[], max: number): number
  /**
   * Resolves when `receive` may have an event, or `done` has become true. Optional: without it the source is asked again
   * after a pause.
   */
  ready?(): Promise<void>
  metadata(): SourceMetadata
  /** Called once, when the job no longer needs it. */
  close?(): void | Promise<void>
}

/**
 * Where a running source puts its events. A promise means "wait": nothing more may be pushed, and nothing handed over
 * may be changed, until it resolves; there is none when there is room.
 */
export interface SourceIntake<E = unknown> {
  push(event: E): IntakeResult | Promise<IntakeResult>
  pushMany(events: readonly E[]): IntakeResult | Promise<IntakeResult>
  /** The arrays may be reused as soon as the push is through. */
  pushColumns(columns: ColumnBlock): IntakeResult | Promise<IntakeResult>
  /**
   * Input that never became an event (a broken line): counted and routed by the error policy of the source. A promise means "wait",
   * for those that can: dead letters aren't taken as fast as there are new ones.
   */
  reject(error: EventfluxError): void | Promise<void>
  /** Aborts when the source must stop. */
  readonly signal: AbortSignal
  /** The clock of the job: all pauses of a source go through it. */
  readonly clock: Clock
  /** The schema the events must follow, where there is one: what decoders read by unless told otherwise. */
  readonly schema?: Schema
}

/** What the runtime drives: everything `toSource` accepts becomes one. */
export interface Source<E = unknown> extends SourcePosition {
  readonly metadata: SourceMetadata
  /**
   * Pushes events until the source ends (then it resolves) or `intake.signal` aborts (then it resolves soon). Rejects
   * when the source itself fails.
   */
  run(intake: SourceIntake<E>): void | Promise<void>
  /** Frees what the source holds. Called once, after `run` ended. */
  close?(): void | Promise<void>
}
