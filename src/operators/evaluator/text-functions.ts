import { CodeTable } from './code-table.ts'
import type { Step } from './step.ts'
import type { CallSite, StepBuilder } from './step-builder.ts'

/** `length`. */
export const compileLength = ({ builder, args }: CallSite): Step =>
  numberByText(builder, args[0]!, 'length', text => text.length)

/** `lower` and `upper`. */
export const compileRecased = ({ builder, args, fn }: CallSite, recase: (text: string) => string): Step =>
  textByText(builder, args[0]!, fn, recase)

/** `splitPart(text, separator, index)`. */
export function compileSplitPart({ builder, args }: CallSite): Step {
  const [text, { constant: separator }, { constant: index }] = args as [Step, Step, Step]
  return textByText(builder, text, `splitPart ${index} ${separator}`, each =>
    partOf(each, String(separator), Number(index)),
  )
}

/** A number for each text, computed once per distinct text; null where there is none. */
export function numberByText(builder: StepBuilder, text: Step, key: string, of: (text: string) => number | null): Step {
  if (text.constant !== undefined)
    return builder.literal('f64', typeof text.constant === 'string' ? of(text.constant) : null)
  return builder.shared(`${key} of ${text.id}`, () => {
    const table = new CodeTable(builder.frame, text.dictionary!, 'f64', of)
    return lookedUp(builder, text, table, builder.step('f64', [text]), 'lookup8')
  })
}

/** Another text for each text, computed once per distinct text. Its codes live as long as the text it was made of. */
function textByText(builder: StepBuilder, text: Step, key: string, of: (text: string) => string | null): Step {
  if (text.constant !== undefined)
    return builder.literal('utf8', typeof text.constant === 'string' ? of(text.constant) : null)
  return builder.shared(`${key} of ${text.id}`, () => {
    const dictionary = builder.dictionary([text.dictionary!], 0)
    const table = new CodeTable(builder.frame, text.dictionary!, 'code', each => {
      const made = of(each)
      return made === null ? null : dictionary.encode(made)
    })
    dictionary.addOwner(table.markTargets)
    return lookedUp(builder, text, table, builder.step('utf8', [text], dictionary), 'lookup4')
  })
}

function lookedUp(builder: StepBuilder, text: Step, table: CodeTable, out: Step, kernel: 'lookup4' | 'lookup8'): Step {
  const vector = out.scratch()
  const bits = builder.frame.bitmap()
  const lookup = out.kernel(kernel)
  const lookupBits = out.kernel('lookupBits')
  out.compute = n => {
    const source = text.evaluate()
    table.refresh()
    lookup(table.values, source.values, n, vector.values)
    lookupBits(table.bits, source.values, n, bits)
    vector.validity = out.bothValid(source.validity, bits, n, bits)
    return vector
  }
  return out
}

/** The piece at position `index` between separators. */
function partOf(text: string, separator: string, index: number): string | null {
  let start = 0
  for (let i = 0; i < index; i++) {
    const found = text.indexOf(separator, start)
    if (found < 0) return null
    start = found + separator.length
  }
  const end = text.indexOf(separator, start)
  return end < 0 ? text.slice(start) : text.slice(start, end)
}
