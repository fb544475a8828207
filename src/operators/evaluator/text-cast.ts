import { rowAt } from '../../kernels/rows.ts'
import type { LinearMemory } from '../../memory/linear-memory.ts'
import { toF64 } from './cast.ts'
import type { Step } from './step.ts'
import type { CallSite, StepBuilder } from './step-builder.ts'
import { translate } from './text.ts'
import { numberByText } from './text-functions.ts'

/**
 * `toUtf8`: numbers as JavaScript writes them, booleans as `true` and `false`. The one slow path of expressions: a
 * string per row that is alive, since numbers have no codes yet.
 */
export function compileToUtf8(call: CallSite): Step {
  const { builder } = call
  const source = call.args[0]!
  if (source.type === 'utf8') return source
  if (source.constant === null) return builder.literal('utf8', null)
  if (source.constant !== undefined) return builder.literal('utf8', String(source.constant))
  return source.type === 'bool' ? wordOfBool(builder, source) : textOfNumber(builder, source)
}

/** `toF64` of text; null where it isn't a number. */
export const numberOfText = (builder: StepBuilder, text: Step): Step =>
  numberByText(builder, text, 'numberOfText', parseNumber)

/** A decimal number with nothing around it but blanks, or null: '', '0x10' and 'NaN' are none. */
function parseNumber(text: string): number | null {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/.test(text) ? Number(text) : null
}

function wordOfBool(builder: StepBuilder, source: Step): Step {
  const dictionary = builder.dictionary([], 2)
  const yes = translate(builder, builder.literal('utf8', 'true'), dictionary)
  const no = translate(builder, builder.literal('utf8', 'false'), dictionary)
  const out = builder.step('utf8', [source], dictionary)
  const vector = out.scratch()
  const choose = out.kernel('choose4')
  const keep = builder.frame.kernels.maskFromBits
  const nulls = builder.frame.columnOf(4)
  const mask = builder.frame.columnOf(1)
  out.compute = n => {
    const { values, validity } = source.evaluate()
    choose(values, yes.evaluate().values, no.evaluate().values, n, vector.values)
    if (validity !== 0) {
      keep(validity, n, mask)
      choose(mask, vector.values, nulls, n, vector.values)
    }
    vector.validity = validity
    return vector
  }
  return out
}

function textOfNumber(builder: StepBuilder, source: Step): Step {
  const { frame } = builder
  const isI64 = source.type === 'i64'
  const numbers = isI64 ? source : toF64(builder, source)
  return builder.shared(`textOfNumber ${numbers.id}`, () => {
    const dictionary = builder.dictionary([], frame.maxBatch)
    const out = builder.step('utf8', [numbers], dictionary)
    const vector = out.scratch()
    const first = vector.values >>> 2
    let filled = 0
    dictionary.addOwner(mark => {
      for (let row = 0; row < filled; row++) {
        const code = frame.memory.i32[first + row]!
        if (code > 0) mark(code)
      }
    })
    frame.onClose(() => {
      filled = 0
    })
    const clear = out.kernel('fillI32')
    out.compute = n => {
      const { values, validity } = numbers.evaluate()
      clear(vector.values, n, 0)
      filled = n
      for (let j = 0; j < frame.selectedCount; j++) {
        const row = rowAt(frame.memory.u32, frame.selection, j)
        if (isNull(frame.memory, validity, row)) continue
        const at = (values >>> 3) + row
        const number = isI64 ? frame.memory.i64[at]! : frame.memory.f64[at]!
        frame.memory.i32[first + row] = dictionary.encode(String(number))
      }
      vector.validity = validity
      return vector
    }
    return out
  })
}

function isNull(memory: LinearMemory, validity: number, row: number): boolean {
  return validity !== 0 && ((memory.u8[validity + (row >>> 3)]! >>> (row & 7)) & 1) === 0
}
