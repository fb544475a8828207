import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { ValueCodec } from '../value-codec.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/** The first or last of values none of which is ever taken out. */
export class EdgeValue implements RunningAggregate {
  readonly #edge: 'first' | 'last'
  #value: unknown = null

  constructor(edge: 'first' | 'last') {
    this.#edge = edge
  }

  add(value: unknown): void {
    if (this.#edge === 'last' || this.#value === null) this.#value = value
  }

  remove(): void {}

  value(): unknown {
    return this.#value
  }

  snapshot(writer: StateWriter, codec: ValueCodec): void {
    writer.bool(this.#value !== null)
    if (this.#value !== null) codec.write(writer, this.#value)
  }

  restore(reader: StateReader, codec: ValueCodec): void {
    if (reader.bool()) this.#value = codec.read(reader)
  }
}
