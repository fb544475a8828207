import { readFileSync } from 'node:fs'

/** A set of values whose mean and sample standard deviation NIST has certified. */
export interface CertifiedSet {
  readonly name: string
  readonly values: readonly number[]
  readonly mean: number
  readonly stdDev: number
  /** Digits of the deviation that f64 can have: the doubles nearest to the decimals of some sets have no more. */
  readonly stdDevDigits: number
}

/** Digits of every mean. */
export const MEAN_DIGITS = 14

const STD_DEV_DIGITS: Readonly<Record<string, number>> = {
  Lew: 14,
  Lottery: 14,
  Mavro: 12,
  Michelso: 12,
  NumAcc1: 14,
  NumAcc2: 14,
  NumAcc3: 9,
  NumAcc4: 8,
  PiDigits: 14,
}

export const certifiedSets: readonly CertifiedSet[] = Object.entries(STD_DEV_DIGITS).map(([name, stdDevDigits]) => {
  const text = readFileSync(new URL(`data/nist-strd/${name}.txt`, import.meta.url), 'latin1')
  return {
    name,
    values: (text.match(/^[ \t]*-?\d+(\.\d+)?[ \t]*\r?$/gm) ?? []).map(Number),
    mean: Number(/(?:^mean\s*=|ybar:)\s*(\S+)/m.exec(text)![1]),
    stdDev: Number(/(?:^standardDeviation\s*=|\bs:)\s*(\S+)/m.exec(text)![1]),
    stdDevDigits,
  }
})

/** Certified digits that a value agrees with (NIST's LRE). */
export const digits = (value: number, certified: number): number =>
  value === certified ? 16 : -Math.log10(Math.abs(value - certified) / Math.abs(certified))
