import { hashWords } from '../kernels/hash.ts'
import { shardOf } from '../kernels/shard.ts'
import type { TypeName } from '../schema/data-type.ts'
import { type Shard, wordOfText } from './rows-of-shard.ts'

/** The rows of a shard that reach a step, by the columns of its keys. */
export interface ShardOfKeys {
  readonly shard: Shard
  /** Which of the step's keys, in this order, decided to which shard a row went. */
  readonly positions: readonly number[]
}

/** What stands for a key column where rows are dealt out: the words of a value, or the text. */
export type KeyWords = readonly [number] | readonly [number, number] | string

const NAN_F64 = [0, 0x7ff80000] as const
const NAN_F32 = 0x7fc00000

/** Tells of single keys whether they are a shard's own: what `PartitionOperator` tells of rows. */
export class OwnKeys {
  readonly #shard: Shard
  readonly #positions: readonly number[]

  constructor({ shard, positions }: ShardOfKeys) {
    this.#shard = shard
    this.#positions = positions
  }

  /** @param wordsOf The words of a key column as they are packed, or its text; null: the null of a text. */
  has(wordsOf: (column: number) => KeyWords | null): boolean {
    const words: number[] = []
    for (const position of this.#positions) {
      const given = wordsOf(position)
      if (given === null || typeof given === 'string') words.push(wordOfText(given))
      else words.push(...given)
    }
    const { index, count } = this.#shard
    const hash = hashWords(Uint32Array.from(words), 0, words.length)
    return shardOf(hash, count) === index
  }
}

const number = new Float64Array(1)
const words = new Uint32Array(number.buffer)
const single = new Float32Array(number.buffer)
const big = new BigInt64Array(number.buffer)

/** The words of a value of a column, as the kernels that pack keys make them. */
export function wordsOfValue(value: unknown, type: TypeName): KeyWords | null {
  if (type === 'utf8') return typeof value === 'string' ? value : null
  const isWide = type === 'f64' || type === 'timestamp' || type === 'i64'
  if (value === null) return isWide ? [0, 0] : [0]
  if (type === 'bool') return [value ? 1 : 0]
  if (type === 'i64') {
    big[0] = typeof value === 'bigint' ? value : 0n
    return [words[0]!, words[1]!]
  }
  if (type === 'i32' || type === 'u32') return [(value as number) >>> 0]
  if (Number.isNaN(value)) return isWide ? NAN_F64 : [NAN_F32]
  // -0 is 0.
  if (isWide) number[0] = (value as number) + 0
  else single[0] = (value as number) + 0
  return isWide ? [words[0]!, words[1]!] : [words[0]!]
}
