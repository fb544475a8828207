/** A slot's word: who holds it (0: nobody), whether its event is being emptied, and how often it was released. */
export const HOLDER_MASK = 0xff
export const IS_EMPTYING = 0x100
const GENERATION_SHIFT = 9

/** Where the words of a pool stand, by their index. */
export interface PoolWords {
  readonly words: Int32Array
  /** Counts releases. */
  readonly releases: number
  /** A bit a slot: 1, it may be free. */
  readonly hints: number
  readonly hintWords: number
  /** A word a slot. */
  readonly slots: number
}

/** The releases of a slot before its word was written. */
export function generationOf(word: number): number {
  return word >>> GENERATION_SHIFT
}

/**
 * Takes a free slot, from the ones a word of hints speaks of on; -1 when there was none at one moment. Lock-free: whoever
 * has to look again does so because another thread took or released one.
 *
 * The truth is in the slot's word: one compare-and-exchange writes the holder, so a slot that is taken always has one. Hints
 * only say where to look; whoever clears one may try for its slot.
 */
export function acquireSlot(pool: PoolWords, holder: number, from: number): number {
  const { words } = pool
  for (;;) {
    const before = Atomics.load(words, pool.releases)
    for (let i = 0; i < pool.hintWords; i++) {
      const hint = (from + i) % pool.hintWords
      let bits = Atomics.load(words, pool.hints + hint)
      while (bits !== 0) {
        const bit = bits & -bits
        const were = Atomics.and(words, pool.hints + hint, ~bit)
        const slot = (hint << 5) + 31 - Math.clz32(bit)
        if ((were & bit) !== 0 && claimSlot(pool, slot, holder)) return slot
        bits = Atomics.load(words, pool.hints + hint)
      }
    }
    // A slot that was released behind the look would have been free all the time.
    if (Atomics.load(words, pool.releases) === before) return -1
  }
}

function claimSlot(pool: PoolWords, slot: number, holder: number): boolean {
  const free = Atomics.load(pool.words, pool.slots + slot)
  if ((free & (HOLDER_MASK | IS_EMPTYING)) !== 0) return false
  return Atomics.compareExchange(pool.words, pool.slots + slot, free, free | holder) === free
}

/** Begins a release: from then on the slot is the caller's alone, to be emptied. False: it isn't in use by that generation. */
export function beginRelease(pool: PoolWords, slot: number, generation: number, holder: number): boolean {
  return changeHolder(pool, slot, generation, IS_EMPTYING | holder)
}

/** Writes another holder. False: the slot isn't in use by that generation. */
export function changeHolder(pool: PoolWords, slot: number, generation: number, holder: number): boolean {
  for (;;) {
    const held = Atomics.load(pool.words, pool.slots + slot)
    if ((held & HOLDER_MASK) === 0 || (held & IS_EMPTYING) !== 0 || generationOf(held) !== generation) return false
    const next = (generation << GENERATION_SHIFT) | holder
    if (Atomics.compareExchange(pool.words, pool.slots + slot, held, next) === held) return true
  }
}

/** Takes over what a thread that is gone held or was emptying. False: it holds the slot no more. */
export function takeOver(pool: PoolWords, slot: number, gone: number, holder: number): boolean {
  const held = Atomics.load(pool.words, pool.slots + slot)
  if ((held & HOLDER_MASK) !== gone) return false
  const next = (generationOf(held) << GENERATION_SHIFT) | IS_EMPTYING | holder
  return Atomics.compareExchange(pool.words, pool.slots + slot, held, next) === held
}

/** Ends a release: the slot is free, and old handles of it are good for nothing. */
export function endRelease(pool: PoolWords, slot: number): void {
  const emptied = Atomics.load(pool.words, pool.slots + slot)
  Atomics.store(pool.words, pool.slots + slot, (generationOf(emptied) + 1) << GENERATION_SHIFT)
  hintAt(pool, slot)
  Atomics.add(pool.words, pool.releases, 1)
}

/** Says that a slot may be free. */
export function hintAt(pool: PoolWords, slot: number): void {
  Atomics.or(pool.words, pool.hints + (slot >>> 5), 1 << (slot & 31))
}
