import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import { DictionaryKey } from './dictionary-key.ts'
import { globalKey } from './global-key.ts'
import { IntKey } from './int-key.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import { PackedKey } from './packed-key.ts'

/** The cheapest key index for the key columns: none, dictionary codes, small integers, or a hash of all columns. */
export function keyIndexFor(
  { kernels, arena, maxBatch }: EvaluationContext,
  keys: readonly (InputColumn & { readonly column: number })[],
  { maxKeys, liveIds }: { maxKeys: number; liveIds: IdMarker },
): KeyIndex {
  const [key] = keys
  if (key === undefined) return globalKey
  if (keys.length === 1) {
    if (key.dictionary) return new DictionaryKey(kernels, arena, key.column, key.dictionary, maxBatch)
    if ((key.type.name === 'i32' || key.type.name === 'u32') && !key.type.isNullable) {
      return new IntKey(kernels, arena, { column: key.column, maxBatch, maxKeys, liveIds })
    }
  }
  const columns = keys.map(({ column, type, dictionary }) => ({ column, type, dictionary }))
  return new PackedKey(kernels, arena, columns, { maxBatch, maxKeys, liveIds })
}
