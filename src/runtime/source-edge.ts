import type { EventfluxError } from '../errors.ts'
import { ByteBoundRing } from '../memory/byte-bound-ring.ts'
import type { ColumnBlock } from '../memory/column-input.ts'
import type { PreparedColumns } from '../memory/column-source.ts'
import { ColumnWriter } from '../memory/column-writer.ts'
import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import { RingBuffer } from '../memory/ring-buffer.ts'
import type { RowRing } from '../memory/row-ring.ts'
import { RowWriter } from '../memory/row-writer.ts'
import { SegmentedRing } from '../memory/segmented-ring.ts'
import type { RejectReason } from '../metrics/counters.ts'
import { normaliseStrategy } from '../plan/backpressure-strategy.ts'
import type { ResolvedConfig } from '../plan/config.ts'
import { Admission, type PushOptions } from './admission/admission.ts'
import { type AdmissionListener, Ledger } from './admission/ledger.ts'
import type { BatchResult, PushResult } from './admission/push-result.ts'
import type { EdgeConsumer, SourceEdgeOptions } from './edge-parts.ts'
import { checkEventArray } from './event-array.ts'
import { InputAccount } from './input-account.ts'
import type { InvalidEvents } from './invalid-events.ts'
import { type LendOptions, Loan } from './loan.ts'
import type { OutputOrder } from './output-order.ts'
import { PastRing, type TakePast, type WayPastRing } from './past-ring.ts'
import { RowRun } from './row-run.ts'
import { TimeGuard } from './time-guard.ts'

/** Most rows written in one piece where some are likely to be refused once they are. */
const REWRITTEN_ROWS = 64

/** Under these strategies rows wait when there is no room, so that they may wait for those who work on lent ones. */
const WAITING: ReadonlySet<ResolvedConfig['backpressure']['kind']> = new Set(['block', 'backoff'] as const)

/**
 * The way into a job: events and columns are checked, written straight into the ring's columns, and published. What
 * finds no room is the business of the backpressure strategy.
 */
export class SourceEdge implements AdmissionListener {
  readonly inputs: InputAccount
  readonly #ring: RowRing
  readonly #ledger = new Ledger()
  readonly #admission: Admission
  readonly #run: RowRun
  readonly #rows: RowWriter
  readonly #columns: ColumnWriter
  readonly #consumer: EdgeConsumer
  readonly #invalid: InvalidEvents
  readonly #times: TimeGuard | undefined
  readonly #maxBatch: number
  readonly #order: OutputOrder
  /** The ring, where it is bounded in bytes. */
  readonly #byteBound: ByteBoundRing | undefined
  #pastRing: PastRing | undefined
  readonly #strategy: ResolvedConfig['backpressure']
  /** Rows an admission counted as taken that the source's error policy dropped. */
  #dropped = 0

  constructor(options: SourceEdgeOptions) {
    const { arena, kernels, fields, dictionaries, unread, config, clock } = options
    const unbounded = config.backpressure.kind === 'unbounded'
    const ring = { arena, kernels, fields, dictionaries, capacity: config.bufferSize }
    const slots = unbounded ? new SegmentedRing(ring) : new RingBuffer(ring)
    this.#byteBound =
      config.maxBytes === undefined ? undefined : new ByteBoundRing(slots, arena.memory, config.maxBytes)
    this.#ring = this.#byteBound ?? slots
    const writer = { memory: arena.memory, target: this.#ring, fields, dictionaries, unread }
    this.#rows = new RowWriter(writer)
    this.#run = new RowRun(this.#ring, this.#rows, rows => this.#countRun(rows))
    this.#columns = new ColumnWriter({ ...writer, arena, kernels })
    this.#admission = new Admission(this.#ring, {
      strategy: config.backpressure,
      clock,
      ledger: this,
      onGrow: warning => options.consumer.grew(warning),
      ...(options.random && { random: options.random }),
    })
    this.#consumer = options.consumer
    this.#strategy = config.backpressure
    this.#invalid = options.invalid
    this.#maxBatch = options.maxBatch
    const { sources, movesClock, limits, order } = options
    this.#order = order
    if (limits.length > 0)
      this.#times = new TimeGuard({ ring: this.#ring, memory: arena.memory, kernels, clock, limits })
    this.inputs = new InputAccount(sources, order, () => this.#ledger.accepted, movesClock)
  }

  /** The queue of rows, with all of them in it. */
  get ring(): RowRing {
    this.#run.end()
    return this.#ring
  }

  get ledger(): Ledger {
    this.#run.end()
    return this.#ledger
  }

  /** Has rows go past the ring where they can. Before the first row. */
  goPastRing(way: WayPastRing): void {
    // What is checked of rows once they are written, and where they come from, goes by the ring.
    if (this.#times !== undefined || this.#byteBound !== undefined || this.inputs.runs !== undefined) return
    this.#pastRing = new PastRing(way, { ring: this.#ring, columns: this.#columns, maxBatch: this.#maxBatch })
  }

  /** Rows that an input has given so far and need not give again: those that are in, and those that were refused for good. */
  settled(input = this.inputs.pushes): number {
    this.#run.end()
    return this.inputs.settled(input)
  }

  /** Rows of an input that the strategy has refused. */
  refused(input: number, rows: number): void {
    this.#order.lost()
    this.inputs.passed(rows, input)
  }

  /** Pushes that wait for room. */
  get waiting(): number {
    return this.#admission.waiting
  }

  /** @param input The number of the source the event comes from; default: it is pushed into the job. */
  push(event: unknown, options?: PushOptions, input = this.inputs.pushes): PushResult | Promise<PushResult> {
    if (options === undefined && input === this.inputs.current) {
      const written = this.#rows.writeNext(event)
      if (written > 0) return true
      if (written < 0) return this.#invalid.pace(this.#misfit(event, input))
    }
    return this.#pushAndTell(event, options, input)
  }

  /** Never waits, never evicts: true when the event is in. */
  tryPush(event: unknown): boolean {
    const { pushes, current } = this.inputs
    const written = pushes === current ? this.#rows.writeNext(event) : 0
    if (written !== 0) return written > 0 || this.#misfit(event, pushes)
    if (this.#writeNow(event, pushes)) return true
    this.#admission.turnAway()
    return false
  }

  pushMany(
    events: readonly unknown[],
    options?: PushOptions,
    input = this.inputs.pushes,
  ): BatchResult | Promise<BatchResult> {
    checkEventArray('pushMany', events)
    const result = this.#pushBlock(
      input,
      events.length,
      (from, count, row) => this.#rows.writeRows(events, from, count, row),
      (from, error) => this.#invalidRow(input, events[from], error ?? this.#rows.lastError()),
      options,
    )
    return this.#invalid.pace(result)
  }

  /** @throws EventfluxError `EVENT_INVALID` for a block whose columns don't fit the schema or each other. */
  pushColumns(
    block: ColumnBlock,
    options?: PushOptions,
    input = this.inputs.pushes,
  ): BatchResult | Promise<BatchResult> {
    return this.#invalid.pace(this.#pushPrepared(block, this.#columns.prepare(block), options, input))
  }

  /** Memory for columns to lend; undefined: what is lent is copied, wherever it stands. */
  share(bytes: number): ArrayBufferLike | undefined {
    return this.#pastRing?.share(bytes)
  }

  /** The same as `pushColumns` of columns that stay as they are until they are given back. */
  lendColumns(block: ColumnBlock, { returned = () => {}, ...push }: LendOptions): BatchResult | Promise<BatchResult> {
    const loan = new Loan(returned, error => this.#consumer.failed(error))
    const options = Object.keys(push).length === 0 ? undefined : push
    try {
      const { kind } = push.strategy === undefined ? this.#strategy : normaliseStrategy(push.strategy)
      const lent = WAITING.has(kind) ? loan : undefined
      const result = this.#pushPrepared(block, this.#columns.prepare(block), options, this.inputs.pushes, lent)
      if (result instanceof Promise) result.then(loan.end, loan.end)
      else loan.end()
      return this.#invalid.pace(result)
    } catch (error) {
      loan.end()
      throw error
    }
  }

  /** Input that never became an event: counted and left to the error policy of the source. A promise: there is no room for more. */
  reject(error: EventfluxError): void | Promise<void> {
    this.#refuse(error.value, error)
    this.#dropped = 0
    return this.#invalid.room()
  }

  /** Rows are about to be taken out: whoever takes them is told of the next one. */
  rowsLeave(): void {
    this.#run.end()
  }

  /** Marks the codes of all rows that are in, and of those that are being written. */
  markCodes(dictionary: Dictionary, mark: Parameters<CodeMarker>[0]): void {
    this.#ring.claim(this.#rows.inRun)
    this.#ring.markCodes(dictionary, mark)
  }

  spaceFreed(): void {
    this.#admission.spaceFreed()
  }

  close(): void {
    this.#run.end()
    this.#admission.close()
  }

  fail(error: unknown): void {
    this.#run.end()
    this.#admission.fail(error)
  }

  /** Rows are worked on only now that they are counted, so that the counts hold at every moment. */
  onAccepted(rows: number): void {
    const arrived = rows - this.#dropped
    this.#dropped = 0
    this.#ledger.onAccepted(arrived)
    if (arrived === 0) return
    const untold = this.#consumer.rowsArrived()
    // What is asked of a row once it is written goes by the ring: when it is, and how many bytes there are.
    const isPlain = this.#times === undefined && this.#byteBound === undefined
    if (untold > 0 && isPlain && this.#admission.isFree && this.#invalid.room() === undefined) this.#run.begin(untold)
  }

  onRejected(reason: RejectReason, rows: number): void {
    this.#ledger.onRejected(reason, rows)
  }

  onEvicted(rows: number): void {
    this.#order.lost()
    this.#ledger.onEvicted(rows)
  }

  onFailed(error: unknown): void {
    this.#consumer.failed(error)
  }

  /** Writes an event if that can be done without waiting for anybody. */
  #writeNow(event: unknown, input: number): boolean {
    const admission = this.#admission
    if (!admission.isFree) return false
    if (!this.#write(event, input)) {
      this.#consumer.makeRoom()
      if (!admission.isFree || !this.#write(event, input)) return false
    }
    this.onAccepted(1)
    return true
  }

  /** Apart from `push`: a function that makes closures allocates for them at every call. */
  #pushAndTell(event: unknown, options: PushOptions | undefined, input: number): PushResult | Promise<PushResult> {
    const isIn = options === undefined && this.#writeNow(event, input)
    const result = isIn || this.#admission.admit(() => this.#write(event, input), options)
    return this.#invalid.pace(this.inputs.answered(result))
  }

  /** An event that doesn't fit came in a run. @throws what the policy has thrown for it. */
  #misfit(event: unknown, input: number): true {
    const error = this.#rows.lastError()
    this.#run.end()
    this.#invalidRow(input, event, error)
    this.#dropped = 0
    return true
  }

  #pushBlock(
    input: number,
    length: number,
    write: (from: number, count: number, row: number) => number,
    invalid: (from: number, error: EventfluxError | undefined) => void,
    options: PushOptions | undefined,
    takePast?: TakePast | undefined,
  ): BatchResult | Promise<BatchResult> {
    let from = 0
    let most = this.#maxBatch
    const acceptSome = (rows: number): number => {
      this.#startWriting()
      const count = Math.min(rows, most)
      const isPast = takePast?.(from, count)
      if (isPast === 'full') return 0
      if (isPast === true) {
        this.inputs.passed(count, input)
        from += count
        return count
      }
      let claimed = this.#ring.claim(Math.min(rows, most))
      if (claimed === 0) {
        this.#consumer.makeRoom()
        claimed = this.#ring.claim(Math.min(rows, most))
        if (claimed === 0) return 0
      }
      const row = this.#ring.writeRow
      const written = this.#guarded(() => write(from, claimed, row))
      const fitting = this.#times?.fitting(row, written) ?? written
      // What stands behind a row whose time doesn't fit is written again: where there are many, little at a time.
      most = fitting < written ? Math.min(most, REWRITTEN_ROWS) : Math.min(most * 2, this.#maxBatch)
      // A row that doesn't fit is decided on by itself, after those before it are in: its policy may throw.
      if (fitting === 0) {
        invalid(from++, written === 0 ? undefined : this.#tooEarly(row))
        return 1
      }
      const accepted = this.#byteBound === undefined ? fitting : this.#byteBound.fitting(fitting)
      if (accepted === 0) return this.#madeRoom() ? acceptSome(rows) : 0
      from += accepted
      this.#publish(accepted, input)
      return accepted
    }
    return this.inputs.answered(this.#admission.admitMany(length, acceptSome, options))
  }

  /** False: there is no room. @throws what the policy has thrown for an event that doesn't fit. */
  #write(event: unknown, input: number): boolean {
    this.#startWriting()
    const row = this.#ring.claimRow()
    if (row < 0) return false
    const fits = this.#guarded(() => this.#rows.writeRow(event, row))
    if (!fits) this.#invalidRow(input, event, this.#rows.lastError())
    else if (this.#times?.fitting(row, 1) === 0) this.#invalidRow(input, event, this.#tooEarly(row))
    else if (this.#byteBound !== undefined && this.#byteBound.fitting(1) === 0) {
      return this.#madeRoom() ? this.#write(event, input) : false
    } else this.#publish(1, input)
    return true
  }

  /** What comes now stands behind the run. An event that a getter of another pushes is refused, and stands nowhere. */
  #startWriting(): void {
    if (!this.#rows.isWriting) this.#run.end()
  }

  #pushPrepared(
    block: ColumnBlock,
    prepared: PreparedColumns,
    options: PushOptions | undefined,
    input: number,
    loan?: Loan,
  ): BatchResult | Promise<BatchResult> {
    if (this.#rows.isWriting) throw this.#rows.nestedError(block)
    return this.#pushBlock(
      input,
      prepared.rows,
      (from, count, row) => this.#columns.writeColumns(prepared, from, count, row),
      (_, error) => this.#invalidRow(input, block, error ?? this.#columns.lastError()),
      options,
      this.#pastRing?.of(prepared, loan),
    )
  }

  /** Has rows worked on: they free bytes too. What was written has to be written again. */
  #madeRoom(): boolean {
    const { length } = this.#ring
    this.#consumer.makeRoom()
    return this.#ring.length < length
  }

  #countRun(rows: number): void {
    this.#publish(rows, this.inputs.current)
    this.#ledger.onAccepted(rows)
  }

  #publish(rows: number, input: number): void {
    this.inputs.entered(rows, input)
    this.#ring.publish(rows)
  }

  /** Why a row's time doesn't fit, which hangs on when it came. */
  #tooEarly(row: number): EventfluxError {
    this.#order.lost()
    return this.#times!.error(row)
  }

  /** What a writer throws is not the fault of the data: it ends the job. */
  #guarded<T>(write: () => T): T {
    try {
      return write()
    } catch (error) {
      this.#consumer.failed(error)
      throw error
    }
  }

  #invalidRow(input: number, event: unknown, error: EventfluxError): void {
    this.inputs.passed(1, input)
    this.#refuse(event, error)
  }

  /** @throws `error` where the policy is to fail. */
  #refuse(event: unknown, error: EventfluxError): void {
    this.onRejected('invalid', 1)
    this.#invalid.refuse(event, error)
    this.#dropped++
  }
}
