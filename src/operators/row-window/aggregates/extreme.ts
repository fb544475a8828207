import type { StateReader } from '../../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../../checkpoint/state-writer.ts'
import type { ValueCodec } from '../value-codec.ts'
import type { Better } from './better.ts'
import type { RunningAggregate } from './running-aggregate.ts'

/** The least or greatest of values none of which is ever taken out. NaN is passed over unless there is nothing else. */
export class Extreme implements RunningAggregate {
  readonly #isBetter: Better
  #best: unknown = null

  constructor(isBetter: Better) {
    this.#isBetter = isBetter
  }

  add(value: unknown): void {
    if (this.#best === null || Number.isNaN(this.#best)) this.#best = value
    else if (!Number.isNaN(value) && this.#isBetter(value, this.#best)) this.#best = value
  }

  remove(): void {}

  value(): unknown {
    return this.#best
  }

  snapshot(writer: StateWriter, codec: ValueCodec): void {
    writer.bool(this.#best !== null)
    if (this.#best !== null) codec.write(writer, this.#best)
  }

  restore(reader: StateReader, codec: ValueCodec): void {
    if (reader.bool()) this.#best = codec.read(reader)
  }
}
