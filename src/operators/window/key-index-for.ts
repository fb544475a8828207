import type { EvaluationContext, InputColumn } from '../evaluator/evaluation-frame.ts'
import { OwnKeys, type ShardOfKeys } from '../own-keys.ts'
import { DictionaryKey } from './dictionary-key.ts'
import { globalKey } from './global-key.ts'
import { IntKey } from './int-key.ts'
import type { IdMarker, KeyIndex } from './key-index.ts'
import { PackedKey } from './packed-key.ts'

/** The cheapest key index for the key columns: none, dictionary codes, small integers, or a hash of all columns. */
export function keyIndexFor(
  { kernels, arena, maxBatch }: EvaluationContext,
  keys: readonly (InputColumn & { readonly column: number })[],
  { maxKeys, liveIds, shard }: { maxKeys: number; liveIds: IdMarker; shard?: ShardOfKeys | undefined },
): KeyIndex {
  const [key] = keys
  const own = shard && new OwnKeys(shard)
  if (key === undefined) return globalKey
  if (keys.length === 1) {
    if (key.dictionary)
      return new DictionaryKey(kernels, arena, { column: key.column, dictionary: key.dictionary, maxBatch, own })
    if ((key.type.name === 'i32' || key.type.name === 'u32') && !key.type.isNullable) {
      return new IntKey(kernels, arena, { column: key.column, maxBatch, maxKeys, liveIds, own })
    }
  }
  const columns = keys.map(({ column, type, dictionary }) => ({ column, type, dictionary }))
  return new PackedKey(kernels, arena, columns, { maxBatch, maxKeys, liveIds, own })
}
