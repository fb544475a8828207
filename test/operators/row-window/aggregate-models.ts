/** Aggregates of a list of values, each from its definition over the whole list; null stands for no value. */
export interface Aggregates {
  readonly rows: number
  readonly values: number
  readonly sum: number | null
  readonly mean: number | null
  readonly least: number | null
  readonly greatest: number | null
  readonly first: number | null
  readonly last: number | null
  readonly spread: number | null
}

export function aggregatesOf(given: readonly (number | null)[]): Aggregates {
  const values = given.filter(value => value !== null)
  const sum = values.length === 0 ? null : sumOf(values)
  return {
    rows: given.length,
    values: values.length,
    sum,
    mean: sum === null ? null : sum / values.length,
    least: extreme(values, (a, b) => a < b || (Object.is(a, -0) && Object.is(b, 0))),
    greatest: extreme(values, (a, b) => a > b || (Object.is(a, 0) && Object.is(b, -0))),
    first: values[0] ?? null,
    last: values.at(-1) ?? null,
    spread: values.length === 0 ? null : spreadOf(values),
  }
}

function extreme(values: readonly number[], isBetter: (a: number, b: number) => boolean): number | null {
  const numbers = values.filter(value => !Number.isNaN(value))
  if (numbers.length === 0) return values.length === 0 ? null : Number.NaN
  return numbers.reduce((best, value) => (isBetter(value, best) ? value : best))
}

/** The exact sum, rounded once: in units of 2^-1074, the least f64 there is. */
export function sumOf(values: readonly number[]): number {
  if (values.some(value => !Number.isFinite(value))) return values.reduce((sum, value) => sum + value, 0)
  const units = values.reduce((sum, value) => sum + unitsOf(value), 0n)
  const size = units < 0n ? -units : units
  const shift = BigInt(Math.max(0, size.toString(2).length - 60))
  // Bits shifted out still decide a tie.
  const kept = (size >> shift) | (size & ((1n << shift) - 1n) ? 1n : 0n)
  const magnitude = scaled(Number(kept), Number(shift) - 1_074)
  return units < 0n ? -magnitude : magnitude
}

const scaled = (value: number, power: number): number =>
  power < -1_000 ? value * 2 ** (power + 500) * 2 ** -500 : value * 2 ** power

function unitsOf(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8))
  bits.setFloat64(0, value)
  const exponent = (bits.getUint16(0) >> 4) & 0x7ff
  const fraction = bits.getBigUint64(0) & ((1n << 52n) - 1n)
  const size = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1)
  return value < 0 ? -size : size
}

/** From n Σx² - (Σx)², which is n² times the variance, without any rounding on the way. */
function spreadOf(values: readonly number[]): number {
  if (values.some(value => !Number.isFinite(value))) return Number.NaN
  const units = values.map(unitsOf)
  const sum = units.reduce((total, unit) => total + unit, 0n)
  const squares = units.reduce((total, unit) => total + unit * unit, 0n)
  const around = BigInt(values.length) * squares - sum * sum
  const halfShift = Math.max(0, Math.ceil((around.toString(2).length - 106) / 2))
  const root = Math.sqrt(Number(around >> BigInt(2 * halfShift)))
  return scaled(root / values.length, halfShift - 1_074)
}
