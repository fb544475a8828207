// Functions of rows that workers load, and what may go wrong in them.

/** Keeps all rows. */
export const all = () => true

/** What a row with a number asks for. */
export function obeys({ n }) {
  if (n === 41) throw new Error('n is 41')
  if (n === 42) process.exit(7)
  if (n === 43) for (;;);
  if (n === 44) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  if (n === 45)
    setTimeout(() => {
      throw new Error('later')
    }, 0)
  return true
}

/** Keeps rows with odd numbers. */
export const isOdd = ({ n }) => n % 2 === 1

/** Whether a result is of an even number of rows. */
export const isEven = ({ rows }) => rows % 2 === 0

/** Whether a row's number is not divisible by three. Throws where the function sees more than its columns. */
export function isKept(row) {
  if (Object.keys(row).some(name => name.startsWith('order'))) throw new Error(`saw ${Object.keys(row)}`)
  return row.n % 3 !== 0
}

/** A result in words. */
export const told = row => ({ text: `${row.tag} ${row.rows}`, columns: Object.keys(row).length })

const cell = new Int32Array(new SharedArrayBuffer(4))

/** Keeps all rows, and takes a fifth of a millisecond for each. */
export const slow = () => Atomics.wait(cell, 0, 0, 0.2) === 'timed-out'

/** A function of values, for expressions. */
export const squared = n => n * n
