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
