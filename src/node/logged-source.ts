import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import { AbortGate } from '../connector/abort-gate.ts'
import { goesOn } from '../connector/goes-on.ts'
import type { IntakeResult, Source, SourceIntake, SourceMetadata } from '../connector/source.ts'
import { type SourceLike, toSource } from '../connector/to-source.ts'
import { checkpointMismatch, type EventfluxError, eventInvalid, messageOf, optionInvalid, show } from '../errors.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import { checkOptions, expectArgument, isText } from '../options.ts'
import type { Schema } from '../schema/schema.ts'
import type { Clock } from '../time/clock.ts'
import { nextTurn } from '../time/turn.ts'
import { InputLog, type LogFiles } from './input-log.ts'
import { IntakeTurnstile } from './intake-turnstile.ts'
import { blockOf, decodeLogged, encodeBlock, encodeRows } from './logged-rows.ts'

/** Rows given again at once, however few came in together. */
const REPLAYED_ROWS = 1024
const SEGMENT_BYTES = 16_777_216
const MOST_SEGMENT_BYTES = 1_073_741_824

/** How rows are kept in front of a job. */
export interface LoggedSourceOptions {
  /**
   * When what came in is safe from a machine that loses power (fsync): `'each'`, before the job gets it; every so many
   * milliseconds; or `'none'`, when the system likes. Safe from the end of the process it is in each case. Default `'each'`.
   */
  readonly sync?: 'each' | 'none' | number
  /** Bytes after which the next file is begun, from 1 to 1 GiB; files go as a whole. Default 16 MiB. */
  readonly segmentBytes?: number
}

/**
 * A source that can't be read again (a socket, an emitter, requests) with a log on the disk in front of the job, so that it
 * can: what comes in is written down, then handed on. A job restored from a checkpoint first gets what is in the log behind
 * it, then what comes in anew. Files that no checkpoint in the job's store needs are deleted. One job uses a directory at a
 * time.
 *
 * Events may hold what a state may; one that doesn't is rejected (`EVENT_INVALID`), by the policy `errors.source`.
 *
 * @param directory Made when it isn't there.
 * @throws EventfluxError `OPTION_INVALID`; of the running source, `CHECKPOINT_INVALID` for a log that is damaged,
 * `CHECKPOINT_MISMATCH` for one without the rows the checkpoint needs.
 * @example
 * ```ts
 * const source = loggedSource(fromEmitter<[{ time: number; symbol: string; price: number; size: number }]>(new EventEmitter(), 'trade'), 'trades.log')
 * const next = await highs.run({ source, checkpoint: { store: fileStore('checkpoints'), everyMs: 10_000 }, restore: 'latest' })
 * ```
 */
export function loggedSource<E>(input: SourceLike<E>, directory: string, options: LoggedSourceOptions = {}): Source<E> {
  expectArgument('loggedSource', directory, isText, 'the path of a directory')
  checkOptions<LoggedSourceOptions>('loggedSource', options, { sync: true, segmentBytes: true })
  return toSource<E>(new LoggedSource(toSource(input), directory, options))
}

/** A logged source over file system calls, which tests have fail. */
export class LoggedSource<E> implements Source<E> {
  readonly metadata: SourceMetadata
  readonly #source: Source<E>
  readonly #log: InputLog
  readonly #sync: 'each' | 'none' | number
  /** The number of the first row of this run. */
  #start = 0

  constructor(
    source: Source<E>,
    directory: string,
    { sync = 'each', segmentBytes = SEGMENT_BYTES }: LoggedSourceOptions,
    files?: LogFiles,
  ) {
    const { name, schema, bounded } = source.metadata
    if (sync !== 'each' && sync !== 'none' && !(Number.isSafeInteger(sync) && sync >= 1))
      throw optionInvalid(`sync is 'each', 'none' or a whole number of milliseconds, not ${show(sync)}`, {
        value: sync,
        at: name,
      })
    if (!(Number.isSafeInteger(segmentBytes) && segmentBytes >= 1 && segmentBytes <= MOST_SEGMENT_BYTES))
      throw optionInvalid(`segmentBytes is a whole number from 1 to ${MOST_SEGMENT_BYTES}, not ${show(segmentBytes)}`, {
        value: segmentBytes,
        at: name,
      })
    this.metadata = { name, kind: 'logged', ...(schema && { schema }), replayable: true, bounded }
    this.#source = source
    this.#sync = sync
    this.#log = new InputLog(directory, { segmentBytes, isDurable: sync !== 'none' }, files)
  }

  snapshot(writer: StateWriter, rows: number): void {
    writer.f64(this.#start + rows)
  }

  restore(reader: StateReader): void {
    this.#start = reader.amount()
  }

  forget(rows: number): Promise<void> {
    return this.#log.forget(this.#start + rows)
  }

  async run(intake: SourceIntake<E>): Promise<void> {
    if (intake.signal.aborted) return
    const gate = new AbortGate(intake.signal)
    try {
      if (!(await this.#replay(intake, gate))) return
    } finally {
      gate.close()
    }
    // Rows are handed on in the order they are written down in, also those of a source that doesn't wait for the ones before.
    const logging = new IntakeTurnstile<E>(
      new LoggingIntake<E>(intake, this.#log, this.metadata.name, this.#sync === 'each'),
    )
    const syncing = typeof this.#sync === 'number' ? new Syncing(this.#log, intake.clock, this.#sync) : undefined
    try {
      const running = Promise.resolve(this.#source.run(logging))
      await (syncing ? Promise.race([running, syncing.failed]) : running)
      this.#log.check()
    } finally {
      syncing?.stop()
      await this.#log.close()
    }
  }

  async close(): Promise<void> {
    await this.#source.close?.()
  }

  /** Gives what is in the log behind the position. False: nothing more is taken. */
  async #replay(intake: SourceIntake<E>, gate: AbortGate): Promise<boolean> {
    const from = this.#start
    let waiting: E[] = []
    const given = async (): Promise<boolean> => {
      const rows = waiting
      waiting = []
      const isOpen = rows.length === 0 || (await goesOn(intake.pushMany(rows), gate))
      await nextTurn()
      return isOpen && !intake.signal.aborted
    }
    for await (const { first, rows, payload, path } of this.#log.frames(from)) {
      const logged = decodeLogged(payload, rows, Math.max(0, from - first), path)
      if (logged.kind === 'rows') {
        for (const row of logged.rows) waiting.push(row as E)
        if (waiting.length >= REPLAYED_ROWS && !(await given())) return false
      } else if (!(await given()) || !(await goesOn(intake.pushColumns(logged.block), gate))) return false
    }
    if (this.#log.end < from) this.#passOver(from)
    return given()
  }

  /** The log ends in front of the checkpoint: it was not on the disk yet when the power went, or is another one. */
  #passOver(from: number): void {
    const { directory, end } = this.#log
    if (this.#sync === 'each')
      throw checkpointMismatch(
        `the log in ${directory} ends at row ${end}, and the checkpoint has ${from}: it is the log of something else, or was written with another sync`,
        { at: this.metadata.name, value: end },
      )
    this.#log.passTo(from)
  }
}

/** Writes down what comes in before it goes on. */
class LoggingIntake<E> implements SourceIntake<E> {
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly schema?: Schema
  readonly #intake: SourceIntake<E>
  readonly #log: InputLog
  readonly #name: string
  readonly #syncsEach: boolean

  constructor(intake: SourceIntake<E>, log: InputLog, name: string, syncsEach: boolean) {
    this.signal = intake.signal
    this.clock = intake.clock
    if (intake.schema) this.schema = intake.schema
    this.#intake = intake
    this.#log = log
    this.#name = name
    this.#syncsEach = syncsEach
  }

  push(event: E): IntakeResult | Promise<IntakeResult> {
    return this.#pushRows([event], () => this.#intake.push(event))
  }

  pushMany(events: readonly E[]): IntakeResult | Promise<IntakeResult> {
    return events.length === 0 ? true : this.#pushRows(events, () => this.#intake.pushMany(events))
  }

  pushColumns(columns: ColumnBlock): IntakeResult | Promise<IntakeResult> {
    const block = blockOf(columns, this.schema)
    // What is no block is for the job to refuse.
    if (block === undefined) return this.#intake.pushColumns(columns)
    return this.#logged(block.rows, encodeBlock(block.columns), () => this.#intake.pushColumns(columns))
  }

  reject(error: EventfluxError): void | Promise<void> {
    return this.#intake.reject(error)
  }

  #pushRows(
    events: readonly E[],
    push: () => IntakeResult | Promise<IntakeResult>,
  ): IntakeResult | Promise<IntakeResult> {
    let payload: Uint8Array
    try {
      payload = encodeRows(events)
    } catch (cause) {
      const fitting = events.filter(event => this.#fits(event))
      if (fitting.length === events.length) throw cause
      return this.pushMany(fitting)
    }
    return this.#logged(events.length, payload, push)
  }

  /** Whether an event can be written down; one that can't is rejected. */
  #fits(event: E): boolean {
    try {
      encodeRows([event])
      return true
    } catch (cause) {
      this.reject(
        eventInvalid(`an event of source "${this.#name}" can't be logged: ${messageOf(cause)}`, {
          value: event,
          at: this.#name,
          cause,
        }),
      )
      return false
    }
  }

  #logged(
    rows: number,
    payload: Uint8Array,
    push: () => IntakeResult | Promise<IntakeResult>,
  ): IntakeResult | Promise<IntakeResult> {
    let begun: void | Promise<void>
    try {
      begun = this.#log.append(rows, payload)
    } catch (cause) {
      // As a promise: what is thrown at once would reach who emits the event, and not the source.
      return Promise.reject(cause)
    }
    if (this.#syncsEach)
      return Promise.resolve(begun)
        .then(() => this.#log.sync())
        .then(push)
    return begun === undefined ? push() : begun.then(push)
  }
}

/** Has a log made safe every so many milliseconds. */
class Syncing {
  /** Rejects when that fails. */
  readonly failed: Promise<never>
  readonly #log: InputLog
  readonly #clock: Clock
  readonly #everyMs: number
  #fail: (cause: unknown) => void = () => {}
  #cancel: () => void = () => {}
  #isStopped = false

  constructor(log: InputLog, clock: Clock, everyMs: number) {
    this.#log = log
    this.#clock = clock
    this.#everyMs = everyMs
    this.failed = new Promise<never>((_, reject) => {
      this.#fail = reject
    })
    this.#plan()
  }

  stop(): void {
    this.#isStopped = true
    this.#cancel()
  }

  #plan(): void {
    if (this.#isStopped) return
    this.#cancel = this.#clock.after(this.#everyMs, () => {
      this.#log.sync().then(() => this.#plan(), this.#fail)
    })
  }
}
