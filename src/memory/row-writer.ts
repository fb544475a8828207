import { type EventfluxError, optionInvalid, show } from '../errors.ts'
import { canGenerateCode } from './code-generation.ts'
import type { LinearMemory } from './linear-memory.ts'
import { RowFault } from './row-fault.ts'
import { generatedRowWriting } from './row-writer-generated.ts'
import { unrolledRowWriting } from './row-writer-unrolled.ts'
import type { RowTarget, RowWriting } from './row-writing.ts'
import { type CodedColumns, textCoders } from './text-coders.ts'

/** Longest string a column takes unless told otherwise, in UTF-16 units. */
export const MAX_STRING_LENGTH = 65_536

export interface RowWriterOptions extends CodedColumns {
  readonly memory: LinearMemory
  readonly target: RowTarget
  /** In UTF-16 units; default 65,536. */
  readonly maxStringLength?: number
  /** Whether code may be generated; default: where the runtime allows it. Both ways write the same bytes. */
  readonly generate?: boolean
}

/**
 * Writes event objects into columns at given rows, each value checked against its field. Rows count only once they are
 * published, so a refused row leaves nothing behind.
 */
export class RowWriter {
  /** Whether the generated form is at work. */
  readonly isGenerated: boolean
  readonly #fault: RowFault
  readonly #writing: RowWriting
  #isWriting = false

  constructor(options: RowWriterOptions) {
    const { memory, target, fields } = options
    const maxStringLength = checkMaxStringLength(options.maxStringLength ?? MAX_STRING_LENGTH)
    const fault = new RowFault(fields, maxStringLength)
    const coders = textCoders(options, fault)
    const parts = { memory, target, fields, coders, maxStringLength, fault }
    this.#fault = fault
    this.isGenerated = options.generate ?? canGenerateCode()
    this.#writing = this.isGenerated ? generatedRowWriting(parts) : unrolledRowWriting(parts)
  }

  /**
   * Writes one event at `row`. False: it doesn't fit, `lastError()` says why.
   *
   * @throws EventfluxError `STATE_FULL` when a dictionary is full: not the event's fault.
   */
  writeRow(event: unknown, row: number): boolean {
    if (this.isWriting) return this.#refuseNested(event)
    this.#isWriting = true
    try {
      return this.#writing.writeRow(event, row)
    } finally {
      this.#isWriting = false
    }
  }

  /**
   * Writes `count` events from `events[from]` on at `row`, `row + 1`, … Returns how many were written before the first that
   * doesn't fit; `lastError()` says why it doesn't when that is less than `count`.
   *
   * @throws EventfluxError `STATE_FULL` when a dictionary is full: not the event's fault.
   */
  writeRows(events: readonly unknown[], from: number, count: number, row: number): number {
    if (this.isWriting) return Number(this.#refuseNested(events[from]))
    this.#isWriting = true
    try {
      return this.#writing.writeRows(events, from, count, row)
    } finally {
      this.#isWriting = false
    }
  }

  /** Begins a run of events that come one by one: the next `rows` of them stand from `row` on. One that goes on ends. */
  beginRun(row: number, rows: number): void {
    this.#writing.beginRun(row, rows)
  }

  /** Writes the next event of the run: see `RowWriting`. */
  writeNext(event: unknown): number {
    return this.#writing.writeNext(event)
  }

  /** Ends the run; returns how many events were written. */
  endRun(): number {
    return this.#writing.endRun()
  }

  /** Events of the run that are written, and being written. */
  get inRun(): number {
    return this.#writing.inRun()
  }

  /** Whether an event is being written: what pushes now is one of its getters. */
  get isWriting(): boolean {
    return this.#isWriting || this.#writing.isWritingNext()
  }

  /** Why an event is refused that comes while another one is being written. */
  nestedError(event: unknown): EventfluxError {
    this.#fault.nested(event)
    return this.#fault.error()
  }

  /** Why the last event was refused: an `EVENT_INVALID` with the field's name in `at`. Ask after a refusal only. */
  lastError(): EventfluxError {
    return this.#fault.error()
  }

  /** A getter of an event that pushes events would write into the row being written. */
  #refuseNested(event: unknown): false {
    return this.#fault.nested(event)
  }
}

/** @throws EventfluxError `OPTION_INVALID` unless it is a safe integer of at least 0. */
export function checkMaxStringLength(length: number): number {
  if (Number.isSafeInteger(length) && length >= 0) return length
  throw optionInvalid(`maxStringLength is an integer of at least 0, not ${show(length)}`, {
    value: length,
    at: 'maxStringLength',
  })
}
