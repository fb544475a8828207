const HALF_PAIR = /\p{Surrogate}/u

/** Whether a string has half of a surrogate pair: it has no bytes of its own as UTF-8 then. */
export const hasHalfPair = (text: string): boolean => HALF_PAIR.test(text)
