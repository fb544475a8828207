/** From so many words on one copy of bytes costs less than words one by one. */
const WORDS_AT_ONCE = 64
/** Whether words stand in memory as they stand in a state. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1

/** Whether so many words go between memory and a state as bytes, in one copy. */
export const isCopiedWhole = (words: number): boolean => IS_LITTLE_ENDIAN && words >= WORDS_AT_ONCE
