/** A frame as it was published. */
interface LoggedFrame {
  readonly kind: number
  readonly a: number
  readonly b: number
  readonly payload: Uint8Array
}

/** Copies of the frames of a ring, so that they can be sent once more. */
export class FrameLog {
  /** Bytes of the payloads it holds. */
  bytes = 0
  #frames: LoggedFrame[] = []
  /** The number of the first it holds. */
  #first = 0

  /** The number of the frame that comes next. */
  get end(): number {
    return this.#first + this.#frames.length
  }

  add(kind: number, a: number, b: number, payload: Uint8Array): void {
    this.#frames.push({ kind, a, b, payload: payload.slice() })
    this.bytes += payload.length
  }

  at(number: number): LoggedFrame {
    return this.#frames[number - this.#first]!
  }

  /** Forgets the frames before a number. */
  dropBefore(number: number): void {
    for (const { payload } of this.#frames.splice(0, number - this.#first)) this.bytes -= payload.length
    this.#first = number
  }
}
