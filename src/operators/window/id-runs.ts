import type { StateReader } from '../../checkpoint/state-reader.ts'
import type { StateWriter } from '../../checkpoint/state-writer.ts'

/** From one id in so many on it costs less to mark ids than to sort them. */
const SPARSE = 16

/**
 * Ids in ascending order, as runs of ids one behind the other. What is kept by id lies side by side for those of a run: it
 * goes into a state, and comes back, in one copy.
 */
export class IdRuns {
  /** How many ids there are. */
  readonly count: number
  /** Of each run the first id and how many there are. */
  readonly #runs: Uint32Array

  private constructor(runs: Uint32Array) {
    this.#runs = runs
    let count = 0
    for (let i = 1; i < runs.length; i += 2) count += runs[i]!
    this.count = count
  }

  /** The ids whose mark isn't 0. */
  static ofMarks(marks: Uint8Array): IdRuns {
    let ends = 0
    for (let id = 0, before = 0; id <= marks.length; id++) {
      const mark = id < marks.length && marks[id] !== 0 ? 1 : 0
      ends += mark ^ before
      before = mark
    }
    const runs = new Uint32Array(ends)
    let at = 0
    for (let id = 0, first = -1; id <= marks.length; id++) {
      const isMarked = id < marks.length && marks[id] !== 0
      if (isMarked && first < 0) first = id
      else if (!isMarked && first >= 0) {
        runs[at++] = first
        runs[at++] = id - first
        first = -1
      }
    }
    return new IdRuns(runs)
  }

  /** Ids in any order; undefined: one of them is there twice. */
  static ofIds(ids: Uint32Array): IdRuns | undefined {
    const sorted = ascending(ids)
    if (sorted === undefined) return undefined
    let runs = 0
    for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]! + 1) runs++
    const pairs = new Uint32Array(runs * 2)
    let at = -2
    for (let i = 0; i < sorted.length; i++) {
      if (i === 0 || sorted[i] !== sorted[i - 1]! + 1) {
        at += 2
        pairs[at] = sorted[i]!
      }
      pairs[at + 1]! += 1
    }
    return new IdRuns(pairs)
  }

  /** The ids another wrote, each below `idLimit`; `leastBytes` (0 or more) or more of each come behind them. */
  static read(reader: StateReader, idLimit: number, leastBytes: number): IdRuns {
    const runs = new Uint32Array(reader.count(8) * 2)
    reader.words(runs, 0, runs.length)
    let limit = 0
    for (let i = 0; i < runs.length; i += 2) {
      const first = runs[i]!
      const count = runs[i + 1]!
      if ((i > 0 && first <= limit) || count === 0) reader.refuse(`runs of ids don't ascend at ${first}`)
      limit = first + count
      if (limit > idLimit) reader.refuse(`an id of ${limit - 1} is beyond the ${idLimit} there are`)
    }
    const read = new IdRuns(runs)
    if (read.count * leastBytes > reader.remaining)
      reader.refuse(`${read.count} ids of ${leastBytes} bytes are announced and ${reader.remaining} bytes are left`)
    return read
  }

  /** One more than the greatest id; 0 when there is none. */
  get limit(): number {
    const runs = this.#runs
    return runs.length === 0 ? 0 : runs.at(-2)! + runs.at(-1)!
  }

  write(writer: StateWriter): void {
    writer.u32(this.#runs.length / 2)
    writer.words(this.#runs, 0, this.#runs.length)
  }

  /** Calls `visit` with the first id of each run and how many there are. */
  eachRun(visit: (first: number, count: number) => void): void {
    const runs = this.#runs
    for (let i = 0; i < runs.length; i += 2) visit(runs[i]!, runs[i + 1]!)
  }

  eachId(visit: (id: number) => void): void {
    const runs = this.#runs
    for (let i = 0; i < runs.length; i += 2) for (let id = runs[i]!, end = id + runs[i + 1]!; id < end; id++) visit(id)
  }

  /** Writes the words of each id, which stand in `source` from `first + id * words` on. */
  writeWords(writer: StateWriter, source: Uint32Array, first: number, words: number): void {
    this.eachRun((id, count) => writer.words(source, first + id * words, count * words))
  }

  /** Takes back what `writeWords` wrote. */
  readWords(reader: StateReader, target: Uint32Array, first: number, words: number): void {
    this.eachRun((id, count) => reader.words(target, first + id * words, count * words))
  }
}

/** In ascending order; undefined: one is there twice. */
function ascending(ids: Uint32Array): Uint32Array | undefined {
  let isAscending = true
  let greatest = 0
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!
    if (i > 0 && id <= greatest) isAscending = false
    if (id > greatest) greatest = id
  }
  if (isAscending) return ids
  if (greatest < ids.length * SPARSE) return marked(ids, greatest)
  const sorted = ids.slice().sort()
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return undefined
  return sorted
}

function marked(ids: Uint32Array, greatest: number): Uint32Array | undefined {
  const marks = new Uint8Array(greatest + 1)
  for (let i = 0; i < ids.length; i++) marks[ids[i]!] = 1
  const sorted = new Uint32Array(ids.length)
  let at = 0
  for (let id = 0; id <= greatest; id++) if (marks[id] === 1) sorted[at++] = id
  return at === ids.length ? sorted : undefined
}
