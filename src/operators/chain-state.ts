import { readDictionaries, writeDictionaries } from '../checkpoint/dictionary-state.ts'
import type { StateReader } from '../checkpoint/state-reader.ts'
import type { StateWriter } from '../checkpoint/state-writer.ts'
import { type Stateful, sizeOfState } from '../checkpoint/stateful.ts'
import { checkpointUnsupported } from '../errors.ts'
import type { Chain } from './chain.ts'

/**
 * The state of a whole chain, between two batches: the strings of its text columns first, since all below speaks of them
 * by code, then a section for each operator that keeps something, under its name, in data order.
 */
export class ChainState implements Stateful {
  readonly #chain: Pick<Chain, 'dictionaries' | 'stateful'>

  constructor(chain: Pick<Chain, 'dictionaries' | 'stateful'>) {
    this.#chain = chain
  }

  snapshot(writer: StateWriter): void {
    writer.section('texts', () => writeDictionaries(writer, this.#chain.dictionaries))
    for (const { id, operator } of this.#operators()) writer.section(id, () => operator.snapshot(writer))
  }

  restore(reader: StateReader): void {
    reader.section('texts', () => readDictionaries(reader, this.#chain.dictionaries))
    for (const { id, operator } of this.#operators()) reader.section(id, () => operator.restore(reader))
  }

  sizeBytes(): number {
    return sizeOfState(this)
  }

  #operators(): readonly { readonly id: string; readonly operator: Stateful }[] {
    return this.#chain.stateful.map(({ id, operator }) => {
      if (operator !== undefined) return { id, operator }
      throw checkpointUnsupported(`${id} keeps something, and can't put it into bytes yet`, { at: id })
    })
  }
}
