import { messageOf, planInvalid, show, stageFailed } from '../../errors.ts'
import type { FunctionDefinition } from '../../expression/function-definition.ts'
import { rowAt } from '../../kernels/rows.ts'
import { type Store, type StorePlace, storeOf } from '../../memory/field-setter.ts'
import { MAX_STRING_LENGTH } from '../../memory/row-writer.ts'
import { readerOf } from '../../memory/value-reader.ts'
import { BYTE_WIDTH } from '../../schema/data-type.ts'
import type { EvaluationFrame } from './evaluation-frame.ts'
import { isWanted } from './guard.ts'
import type { Step } from './step.ts'
import type { CallSite } from './step-builder.ts'
import { TextResults } from './text-results.ts'

/**
 * A function of the user's own: called for the rows that are alive and asked for; where it goes by one text alone, once
 * for each of its codes.
 */
export function compileUserFunction(call: CallSite): Step {
  const { builder, args, type } = call
  if (args.some(({ constant }) => constant === null)) return builder.literal(type, null)
  const columns = args.filter(({ constant }) => constant === undefined)
  const [text] = columns
  return columns.length === 1 && text!.type === 'utf8' ? byText(call, text!) : byRow(call, columns)
}

function byText(call: CallSite, text: Step): Step {
  const { args, builder, guard, type } = call
  const { frame } = builder
  const { memory } = frame
  const source = text.dictionary!
  const out = builder.step(type, [text], type === 'utf8' ? builder.dictionary([source], 0) : undefined)
  const results = new TextResults(frame, source, type)
  out.dictionary?.addOwner(results.markResults)
  const place: StorePlace = { base: 0 }
  const one = new OneCall(call, out, place)
  const at = args.indexOf(text)
  const vector = out.scratch()
  const bits = frame.bitmap()
  const lookup = out.kernel(`lookup${BYTE_WIDTH[type]}`)
  const lookupBits = out.kernel('lookupBits')
  out.compute = n => {
    const { values: codes, validity } = text.evaluate()
    if (results.refresh()) place.base = results.values.address / BYTE_WIDTH[type]
    const { selection, selectedCount } = frame
    const isEach = guard === undefined && validity === 0
    for (let j = 0; j < selectedCount; j++) {
      const row = rowAt(memory.u32, selection, j)
      const code = memory.u32[(codes >>> 2) + row]!
      if (results.known[code] === 1 || !(isEach || isWanted(frame, guard, validity, row))) continue
      one.values[at] = source.decode(code)
      const outcome = one.call(row, code)
      if (outcome !== 'failed') results.note(code, outcome === 'null')
    }
    lookup(results.values.address, codes, n, vector.values)
    lookupBits(results.bits, codes, n, bits)
    vector.validity = out.bothValid(validity, bits, n, bits)
    return vector
  }
  return out
}

function byRow(call: CallSite, columns: readonly Step[]): Step {
  const { args, builder, guard, type } = call
  const { frame } = builder
  const { memory } = frame
  const out = builder.step(type, columns, type === 'utf8' ? builder.dictionary([], frame.maxBatch) : undefined)
  const vector = out.scratch()
  const one = new OneCall(call, out, { base: vector.values / BYTE_WIDTH[type] })
  const readers = args.flatMap((column, at) =>
    column.constant === undefined ? [{ at, column, read: readerOf(memory, column.type) }] : [],
  )
  const bits = frame.bitmap()
  const allValid = frame.bitmap()
  const clear = ownTexts(frame, out, vector.values)
  out.compute = n => {
    const vectors = readers.map(({ column }) => column.evaluate())
    let validity = 0
    for (const each of vectors) validity = out.bothValid(validity, each.validity, n, allValid)
    clear(n)
    memory.u8.fill(0, bits, bits + ((n + 7) >>> 3))
    const { selection, selectedCount } = frame
    for (let j = 0; j < selectedCount; j++) {
      const row = rowAt(memory.u32, selection, j)
      if (!isWanted(frame, guard, validity, row)) continue
      for (let i = 0; i < readers.length; i++) one.values[readers[i]!.at] = readers[i]!.read(vectors[i]!, row)
      if (one.call(row, row) === 'stored') memory.u8[bits + (row >>> 3)]! |= 1 << (row & 7)
    }
    vector.validity = bits
    return vector
  }
  return out
}

/** Keeps the texts of a batch alive, row by row. Returns what forgets those of the batch before. */
function ownTexts(frame: EvaluationFrame, out: Step, codes: number): (n: number) => void {
  const { dictionary } = out
  if (dictionary === undefined) return () => {}
  let filled = 0
  dictionary.addOwner(mark => {
    for (let row = 0; row < filled; row++) {
      const code = frame.memory.u32[(codes >>> 2) + row]!
      if (code > 0) mark(code)
    }
  })
  frame.onClose(() => {
    filled = 0
  })
  const fill = out.kernel('fillI32')
  return n => {
    fill(codes, n, 0)
    filled = n
  }
}

/** Stands for a module's export in operators that are only looked at: what runs has loaded it. */
const notLoaded = (name: string) => (): never => {
  throw planInvalid(`The function ${show(name)} was not loaded`, { at: name })
}

/** Calls the function, with the values that were put there, and stores what it gives. */
class OneCall {
  readonly values: unknown[]
  readonly #frame: EvaluationFrame
  readonly #definition: FunctionDefinition
  readonly #call: (...values: readonly unknown[]) => unknown
  readonly #store: Store
  readonly #describe: () => string

  /** @param place Where its results go. */
  constructor({ args, builder, definition, describe, type }: CallSite, out: Step, place: StorePlace) {
    const { name, call } = definition!
    this.values = args.map(({ constant }) => constant)
    this.#frame = builder.frame
    this.#definition = definition!
    this.#call = typeof call === 'function' ? call : notLoaded(name)
    this.#describe = describe
    const coder = out.dictionary && { code: (text: string) => out.dictionary!.encode(text) }
    this.#store = storeOf(type as FunctionDefinition['returns']['type'], place, {
      memory: builder.frame.memory,
      coder,
      maxStringLength: MAX_STRING_LENGTH,
    })
  }

  /** @param at The index, from `place` on, to store the result at. A row that fails is a fault of the batch. */
  call(row: number, at: number): 'stored' | 'null' | 'failed' {
    const { name, returns } = this.#definition
    let result: unknown
    try {
      result = this.#apply()
    } catch (cause) {
      this.#fail(row, `the function ${show(name)} failed in ${this.#describe()}: ${messageOf(cause)}`, { cause })
      return 'failed'
    }
    if (returns.nullable && (result === null || result === undefined)) return 'null'
    if (this.#store(result, at)) return 'stored'
    const type = `${returns.type}${returns.nullable ? ' or null' : ''}`
    this.#fail(row, `the function ${show(name)} gave ${show(result)} in ${this.#describe()}, which is not ${type}`, {
      value: result,
    })
    return 'failed'
  }

  #fail(row: number, message: string, details: { readonly cause?: unknown; readonly value?: unknown }): void {
    this.#frame.fault(row, stageFailed(message, { at: this.#definition.name, ...details }))
  }

  #apply(): unknown {
    const { values } = this
    const call = this.#call
    if (values.length === 1) return call(values[0])
    return values.length === 2 ? call(values[0], values[1]) : call(...values)
  }
}
