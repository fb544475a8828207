import { type NamedState, type RestoreTolerance, restoreParts } from '../checkpoint/named-state.ts'
import { sizeOfState } from '../checkpoint/stateful.ts'
import { allSteps } from '../checkpoint/steps.ts'
import { captureTexts, readTexts } from '../checkpoint/text-columns-state.ts'
import { checkpointMismatch, checkpointUnsupported } from '../errors.ts'
import type { Chain } from './chain.ts'
import { isOfChain, isSharded, layoutInWords, type StateParts } from './state-parts.ts'

/**
 * What a chain keeps, between two batches: the strings of its text columns first, since all below speaks of them by code,
 * then each operator that keeps something, in data order.
 *
 * @throws EventfluxError `CHECKPOINT_UNSUPPORTED` when one of them can't put it into bytes.
 */
export function chainStates({ texts: columns, stateful }: Pick<Chain, 'texts' | 'stateful'>): NamedState[] {
  const texts: NamedState['state'] = {
    snapshot(writer) {
      allSteps(captureTexts(columns)(writer))
    },
    restore: reader => readTexts(reader, columns),
    sizeBytes: () => sizeOfState(texts),
  }
  const operators = stateful.map(({ id, shape, operator }) => {
    if (operator !== undefined) return { name: `operator/${id}`, shape, state: operator }
    throw checkpointUnsupported(`${id} keeps something, and can't put it into bytes yet`, { at: id })
  })
  return columns.length === 0
    ? operators
    : [{ name: 'texts', state: texts, capture: () => captureTexts(columns) }, ...operators]
}

/**
 * Gives a chain the parts of a state that are not restored as they stand: what workers kept, and what workers are to keep.
 *
 * @returns What is left to be restored, and into what.
 * @throws EventfluxError `CHECKPOINT_MISMATCH` when the work was spread in a way that can't be turned into this one.
 */
export async function restoreChain(
  chain: Chain,
  given: StateParts,
  tolerance: RestoreTolerance,
): Promise<{ readonly states: readonly NamedState[]; readonly sections: StateParts['here'] }> {
  const states = chainStates(chain)
  const layout = chain.elsewhere?.layout ?? ''
  // Workers whose work is put together here keep nothing.
  const elsewhere = layout === '' ? undefined : chain.elsewhere
  const { here } = given
  if (given.layout === layout) {
    await elsewhere?.restore(given.parts, false, tolerance)
    return { states, sections: here }
  }
  const ofChain = here.filter(isOfChain)
  const rest = here.filter(section => !isOfChain(section))
  const isKeyed = (given.layout === '' || isSharded(given.layout)) && (layout === '' || isSharded(layout))
  const parts = given.layout === '' ? [ofChain] : given.parts
  // Steps behind the merge of shards stay where they are, from shards to shards.
  const stays = given.layout !== '' && layout !== ''
  if (!isKeyed || (ofChain.length > 0 && given.layout !== '' && !stays) || (given.layout === '' && states.length > 0))
    throw checkpointMismatch(
      `the checkpoint is of ${layoutInWords(given.layout)}, and what these keep can't be restored into ${layoutInWords(layout)}: run it as it ran then`,
      { value: given.layout, at: 'workers' },
    )
  if (elsewhere !== undefined) {
    await elsewhere.restore(parts, true, tolerance)
    return { states, sections: stays ? here : rest }
  }
  restoreParts(states, parts, tolerance)
  return { states: [], sections: rest }
}
