import { captureDictionaries, readDictionaries, writeDictionaries } from '../checkpoint/dictionary-state.ts'
import type { NamedState } from '../checkpoint/named-state.ts'
import { sizeOfState } from '../checkpoint/stateful.ts'
import { checkpointUnsupported } from '../errors.ts'
import type { Chain } from './chain.ts'

/**
 * What a chain keeps, between two batches: the strings of its text columns first, since all below speaks of them by code,
 * then each operator that keeps something, in data order.
 *
 * @throws EventfluxError `CHECKPOINT_UNSUPPORTED` when one of them can't put it into bytes.
 */
export function chainStates({ dictionaries, stateful }: Pick<Chain, 'dictionaries' | 'stateful'>): NamedState[] {
  const texts: NamedState['state'] = {
    snapshot(writer) {
      writeDictionaries(writer, dictionaries)
    },
    restore: reader => readDictionaries(reader, dictionaries),
    sizeBytes: () => sizeOfState(texts),
  }
  const operators = stateful.map(({ id, shape, operator }) => {
    if (operator !== undefined) return { name: `operator/${id}`, shape, state: operator }
    throw checkpointUnsupported(`${id} keeps something, and can't put it into bytes yet`, { at: id })
  })
  return dictionaries.length === 0
    ? operators
    : [{ name: 'texts', state: texts, capture: () => captureDictionaries(dictionaries) }, ...operators]
}
