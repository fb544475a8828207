import type { StateWriter } from '../checkpoint/state-writer.ts'
import { rowAt } from '../kernels/rows.ts'
import { CodeArrivals } from '../memory/code-arrivals.ts'
import { CodeValues } from '../memory/code-values.ts'
import type { Dictionary } from '../memory/dictionary.ts'
import type { LinearMemory } from '../memory/linear-memory.ts'
import type { RecordBatch } from '../memory/record-batch.ts'
import type { EvaluationContext } from '../operators/evaluator/evaluation-frame.ts'

/** Texts that may stay though nobody has them any more: it costs more to find out. */
const FEW_TEXTS = 2 ** 14

/** Says which texts of one dictionary the other end of a link doesn't know yet, before rows with them are sent. */
export interface TextSender {
  /** The rows of a batch are about to be sent, whose codes stand at `codes`. Whether there is something to write. */
  note(batch: RecordBatch, codes: number): boolean
  /** Whether there is nothing to write, and nothing to note of any rows. */
  readonly isQuiet: boolean
  /** Writes what the other end has to forget, and what it has to know. */
  write(writer: StateWriter): void
  /** Writes all the other end knows, for another in its place. */
  writeKnown(writer: StateWriter): void
  close(): void
}

/** Codes the other end knows: each goes over once, with its text, and again only after it was taken back. */
class KnownCodes {
  readonly #dictionary: Dictionary
  readonly #isKnown: boolean[] = []
  #count = 0
  #forgotten: number[] = []
  #news: number[] = []

  constructor(dictionary: Dictionary) {
    this.#dictionary = dictionary
  }

  /** Codes the other end knows or is about to. */
  get count(): number {
    return this.#count
  }

  get hasNews(): boolean {
    return this.#news.length > 0
  }

  get hasForgotten(): boolean {
    return this.#forgotten.length > 0
  }

  add(code: number): void {
    // Null's code, and what stands in the place of a null, have no text.
    if (this.#isKnown[code] === true || (this.#dictionary.strings[code] ?? null) === null) return
    while (this.#isKnown.length < code) this.#isKnown.push(false)
    this.#isKnown[code] = true
    this.#count++
    this.#news.push(code)
  }

  remove(code: number): void {
    if (this.#isKnown[code] !== true) return
    this.#isKnown[code] = false
    this.#count--
    this.#forgotten.push(code)
  }

  removeAll(): void {
    this.#isKnown.forEach((_, code) => {
      this.remove(code)
    })
  }

  write(writer: StateWriter): void {
    writer.u32(this.#forgotten.length)
    for (const code of this.#forgotten) writer.u32(code)
    // Taken back before they were ever sent, or handed out again since: they stand here twice, or not at all.
    const news = [...new Set(this.#news)].filter(code => this.#isKnown[code] === true)
    writer.u32(news.length)
    for (const code of news) {
      writer.u32(code)
      writer.text(this.#dictionary.decode(code)!)
    }
    this.#forgotten = []
    this.#news = []
  }

  writeKnown(writer: StateWriter): void {
    const known: number[] = []
    this.#isKnown.forEach((isKnown, code) => {
      // Its text may be gone, and that not told yet.
      if (isKnown && (this.#dictionary.strings[code] ?? null) !== null) known.push(code)
    })
    writer.u32(0)
    writer.u32(known.length)
    for (const code of known) {
      writer.u32(code)
      writer.text(this.#dictionary.decode(code)!)
    }
  }
}

/**
 * For a dictionary whose texts are those of the rows sent: all of them go over. Texts of rows that were sent since the
 * dictionary last looked for room stay in it, though nobody here refers to them any more: a key that comes again and again
 * is to keep its code.
 */
export class AllTexts implements TextSender {
  readonly #dictionary: Dictionary
  readonly #context: EvaluationContext
  readonly #codes: KnownCodes
  readonly #arrivals: CodeArrivals
  /** A byte for each code, 1: rows with it were sent since the last sweep. */
  readonly #sent: CodeValues
  readonly #mostKept: number

  /** @param senders Those who send rows with texts of the dictionary, to as many others. */
  constructor(dictionary: Dictionary, context: EvaluationContext, senders: number) {
    this.#dictionary = dictionary
    this.#context = context
    this.#mostKept = (dictionary.maxCodes >>> 2) / senders
    this.#codes = new KnownCodes(dictionary)
    this.#arrivals = new CodeArrivals(dictionary, {
      arrived: code => this.#codes.add(code),
      left: code => this.#codes.remove(code),
    })
    this.#sent = new CodeValues(dictionary, context.arena, 1)
    dictionary.addOwner(mark => this.#keep(mark))
  }

  note({ selection, selectedCount }: RecordBatch, codes: number): boolean {
    this.#arrivals.look()
    if (!this.#keepsAll) this.#touch(selection, selectedCount, codes)
    return this.#codes.hasNews
  }

  get isQuiet(): boolean {
    this.#arrivals.look()
    return this.#keepsAll && !this.#codes.hasNews && !this.#codes.hasForgotten
  }

  #touch(selection: number, selectedCount: number, codes: number): void {
    this.#sent.grow()
    this.#context.kernels.touchCodes(codes, selection, selectedCount, this.#sent.address, this.#sent.length)
  }

  write(writer: StateWriter): void {
    this.#codes.write(writer)
  }

  writeKnown(writer: StateWriter): void {
    this.#codes.writeKnown(writer)
  }

  close(): void {
    this.#sent.close()
  }

  /** As long as all of them stay, nobody has to know which were sent. */
  get #keepsAll(): boolean {
    return this.#dictionary.size <= Math.min(this.#mostKept, FEW_TEXTS)
  }

  /** A quarter of the dictionary at most, of all senders: what is alive must find room. */
  #keep(mark: (code: number) => void): void {
    const { strings } = this.#dictionary
    if (this.#keepsAll) {
      for (let code = 1; code < strings.length; code++) if (strings[code] !== null) mark(code)
      return
    }
    const { address, length } = this.#sent
    const sent = this.#context.arena.memory.u8.subarray(address, address + length)
    let count = 0
    for (const isSent of sent) count += isSent
    if (count <= this.#mostKept) for (let code = 1; code < length; code++) if (sent[code] === 1) mark(code)
    sent.fill(0)
  }
}

/** For a dictionary of which the rows sent have only some texts. */
export class TextsOfRows implements TextSender {
  readonly #codes: KnownCodes
  readonly #memory: LinearMemory
  readonly #mostKnown: number

  /** @param mostKnown Texts the other end has to keep at most, but for those of one batch. */
  constructor(dictionary: Dictionary, memory: LinearMemory, mostKnown = Number.POSITIVE_INFINITY) {
    this.#codes = new KnownCodes(dictionary)
    this.#mostKnown = mostKnown
    this.#memory = memory
    dictionary.onRecycle(codes => {
      for (const code of codes) this.#codes.remove(code)
    })
  }

  note({ selection, selectedCount }: RecordBatch, codes: number): boolean {
    const { u32 } = this.#memory
    if (this.#codes.count > this.#mostKnown) this.#codes.removeAll()
    for (let j = 0; j < selectedCount; j++) this.#codes.add(u32[(codes >>> 2) + rowAt(u32, selection, j)]!)
    return this.#codes.hasNews
  }

  /** Every row is looked at. */
  get isQuiet(): boolean {
    return false
  }

  write(writer: StateWriter): void {
    this.#codes.write(writer)
  }

  writeKnown(writer: StateWriter): void {
    this.#codes.writeKnown(writer)
  }

  close(): void {}
}
