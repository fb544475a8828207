import type { CodeMarker, Dictionary } from '../memory/dictionary.ts'
import type { Chain } from '../operators/chain.ts'
import { ProjectOperator } from '../operators/project.ts'

/** Tells the dictionaries of a chain who holds their codes: it, and whoever has rows before it. */
export function ownTexts(
  chain: Pick<Chain, 'head' | 'operators'>,
  parts: {
    /** Of the columns the chain is given. */
    readonly dictionaries: readonly (Dictionary | undefined)[]
    /** Of columns that user code puts out. */
    readonly made: readonly Dictionary[]
    /** Marks the codes of rows that are on their way into the chain. */
    readonly mark: (dictionary: Dictionary, mark: Parameters<CodeMarker>[0]) => void
  },
): void {
  for (const dictionary of parts.dictionaries) {
    dictionary?.addOwner(mark => {
      parts.mark(dictionary, mark)
      chain.head.markCodes(dictionary, mark)
    })
  }
  const computed = chain.operators.flatMap(operator =>
    operator instanceof ProjectOperator ? operator.dictionaries : [],
  )
  for (const dictionary of [...parts.made, ...computed]) {
    dictionary.addOwner(mark => chain.head.markCodes(dictionary, mark))
  }
}
