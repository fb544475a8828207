import type { NamedState } from '../checkpoint/named-state.ts'
import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import { sizeOfState } from '../checkpoint/stateful.ts'
import type { Source } from '../connector/source.ts'
import { checkpointMismatch } from '../errors.ts'

/** How far an input had come. */
export interface InputPosition {
  /** The name of the source; `pushed` for what is pushed into the job. */
  readonly name: string
  /** Events it had given since its very first run, those that were refused for good included. */
  readonly rows: number
}

/** The inputs of a job as far as checkpoints go: what each has given, and where its source stands. */
export class JobInputs {
  readonly states: readonly NamedState[]
  readonly #inputs: readonly Input[]
  readonly #sources: readonly Source[]
  readonly #settled: (input: number) => number
  /** By checkpoint: rows of this run that each source had given, where there is one that wants to know. */
  readonly #marks = new Map<number, readonly number[]>()

  /** @param settled Rows the input of a number has given in this run, and need not give again. */
  constructor(sources: readonly Source[], settled: (input: number) => number) {
    const pushed = new Input('pushed', undefined, () => settled(sources.length))
    const inputs = sources.map((source, i) => new Input(source.metadata.name, source, () => settled(i)))
    this.#inputs = [...inputs, pushed]
    this.#sources = sources
    this.#settled = settled
    this.states = [
      ...inputs.map((input, i) => ({ name: `input/${i}`, shape: sources[i]!.metadata.kind, state: input })),
      { name: 'input/pushed', state: pushed },
    ]
  }

  get positions(): readonly InputPosition[] {
    return this.#inputs.map(({ name, rows }) => ({ name, rows }))
  }

  /** The checkpoint of that id begins here. */
  mark(id: number): void {
    if (this.#sources.some(source => source.forget !== undefined))
      this.#marks.set(
        id,
        this.#sources.map((_, i) => this.#settled(i)),
      )
  }

  /** No checkpoint older than that one is kept. One of an earlier run says nothing about the rows of this one. */
  async forget(id: number): Promise<void> {
    for (const older of this.#marks.keys()) if (older < id) this.#marks.delete(older)
    const rows = this.#marks.get(id)
    if (rows !== undefined) await Promise.all(this.#sources.map((source, i) => source.forget?.(rows[i]!)))
  }
}

class Input {
  readonly name: string
  readonly #source: Source | undefined
  readonly #settled: () => number
  #before = 0

  constructor(name: string, source: Source | undefined, settled: () => number) {
    this.name = name
    this.#source = source
    this.#settled = settled
  }

  get rows(): number {
    return this.#before + this.#settled()
  }

  snapshot(writer: StateWriter): void {
    const { rows } = this
    writer.f64(rows)
    const source = this.#source
    writer.bool(source?.snapshot !== undefined)
    source?.snapshot?.(writer, this.#settled())
  }

  restore(reader: StateReader): void {
    this.#before = reader.amount()
    if (!reader.bool()) return
    if (this.#source?.restore === undefined)
      throw checkpointMismatch(
        `the checkpoint holds a position of the input "${this.name}", and its source has no restore`,
        { at: this.name },
      )
    this.#source.restore(reader)
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }
}
