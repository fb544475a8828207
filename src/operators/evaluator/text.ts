import { expressionInvalid } from '../../errors.ts'
import type { Dictionary } from '../../memory/dictionary.ts'
import { CodeTable } from './code-table.ts'
import type { Step } from './step.ts'
import type { CallSite, StepBuilder } from './step-builder.ts'

/** `eq` and `ne` of texts: against a literal a table look-up a row, between columns a comparison of codes. */
export function compareText(builder: StepBuilder, verb: string, left: Step, right: Step): Step {
  if (verb !== 'eq' && verb !== 'ne') throw expressionInvalid(`text has no order here: ${verb} takes numbers`)
  const same = equalText(builder, left, right)
  return verb === 'eq' ? same : negated(builder, same)
}

/** A question about text and a literal. */
export function compileTextTest(call: CallSite, test: (text: string, wanted: string) => boolean): Step {
  const { builder, args, fn } = call
  const wanted = args[1]!.constant
  if (typeof wanted !== 'string') throw expressionInvalid(`${fn} takes a text literal`)
  return textPredicate(builder, args[0]!, `${fn} ${wanted}`, text => test(text, wanted))
}

/** `in` of a text among literals. */
export function inTexts(builder: StepBuilder, text: Step, choices: readonly Step[]): Step {
  const wanted = new Set(choices.map(choice => choice.constant))
  return textPredicate(builder, text, `in ${choices.map(choice => choice.id).join()}`, each => wanted.has(each))
}

/** A text step as codes of another dictionary. The codes live as long as the text they stand for. */
export function translate(builder: StepBuilder, text: Step, dictionary: Dictionary): Step {
  if (text.dictionary === dictionary) return text
  const out = builder.step('utf8', [text], dictionary)
  if (text.constant !== undefined) {
    const vector = out.scratch()
    if (typeof text.constant === 'string') {
      const code = dictionary.encode(text.constant)
      dictionary.addOwner(mark => mark(code))
      out.kernel('fillI32')(vector.values, builder.frame.maxBatch, code)
    } else vector.validity = builder.frame.bitmap()
    out.compute = () => vector
    return out
  }
  const table = new CodeTable(builder.frame, text.dictionary!, 'code', each => dictionary.encode(each))
  dictionary.addOwner(table.markTargets)
  const vector = out.scratch()
  const lookup = out.kernel('lookup4')
  out.compute = n => {
    const source = text.evaluate()
    table.refresh()
    lookup(table.values, source.values, n, vector.values)
    vector.validity = source.validity
    return vector
  }
  return out
}

/** A dictionary all of `texts` can be told in: their own when they share it, else a new one. */
export function commonDictionary(builder: StepBuilder, texts: readonly Step[]): Dictionary {
  const sources = new Set(texts.flatMap(text => text.dictionary ?? []))
  const literals = texts.filter(text => typeof text.constant === 'string').length
  if (sources.size === 1 && literals === 0) return [...sources][0]!
  return builder.dictionary([...sources], literals)
}

function equalText(builder: StepBuilder, left: Step, right: Step): Step {
  if (left.constant !== undefined && right.constant !== undefined) {
    return builder.literal('bool', left.constant !== null && left.constant === right.constant)
  }
  if (typeof left.constant === 'string') return equalText(builder, right, left)
  const { constant } = right
  if (typeof constant === 'string') return textPredicate(builder, left, `is ${constant}`, text => text === constant)
  return builder.shared(`eqI32ColCol ${left.id} ${right.id}`, () => {
    const dictionary = commonDictionary(builder, [left, right])
    const a = translate(builder, left, dictionary)
    const b = translate(builder, right, dictionary)
    const out = builder.step('bool', [a, b])
    const vector = out.scratch()
    const bits = builder.frame.bitmap()
    const kernel = out.kernel('eqI32ColCol')
    out.compute = n => {
      const first = a.evaluate()
      const second = b.evaluate()
      kernel(first.values, second.values, n, vector.values)
      const validity = out.bothValid(first.validity, second.validity, n, bits)
      if (validity !== 0) builder.frame.kernels.andMaskBits(vector.values, validity, n, vector.values)
      return vector
    }
    return out
  })
}

/** A mask of the rows whose text passes `test`, which is asked once per distinct text. Null rows don't pass. */
function textPredicate(builder: StepBuilder, text: Step, key: string, test: (text: string) => boolean): Step {
  if (text.constant !== undefined) return builder.literal('bool', text.constant !== null && test(String(text.constant)))
  return builder.shared(`text ${text.id} ${key}`, () => {
    const table = new CodeTable(builder.frame, text.dictionary!, 'mask', each => (test(each) ? 1 : 0))
    const out = builder.step('bool', [text])
    const vector = out.scratch()
    const lookup = out.kernel('lookup1')
    out.compute = n => {
      const source = text.evaluate()
      table.refresh()
      lookup(table.values, source.values, n, vector.values)
      if (source.validity !== 0) {
        builder.frame.kernels.andMaskBits(vector.values, source.validity, n, vector.values)
      }
      return vector
    }
    return out
  })
}

function negated(builder: StepBuilder, mask: Step): Step {
  if (typeof mask.constant === 'boolean') return builder.literal('bool', !mask.constant)
  return builder.shared(`notMask ${mask.id}`, () => {
    const out = builder.step('bool', [mask])
    const vector = out.scratch()
    const kernel = out.kernel('notMask')
    out.compute = n => {
      kernel(mask.evaluate().values, n, vector.values)
      return vector
    }
    return out
  })
}
