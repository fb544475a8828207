// A module that workers load, and that ends them right before one of their writes to shared memory: what others see then is
// all that was written before.

let left = Number(process.env.EVENTFLUX_WRITES_BEFORE_DEATH ?? Number.POSITIVE_INFINITY)

for (const name of ['add', 'sub', 'store', 'exchange', 'compareExchange', 'notify']) {
  const write = Atomics[name]
  Atomics[name] = (...args) => {
    if (left-- === 0) process.exit(7)
    return write(...args)
  }
}

/** Keeps all rows. */
export const all = () => true

/** Keeps all rows, and their memory: until there is none for a row with a number. */
const kept = []
export const hoards = ({ n }) => {
  while (n === 41) kept.push(new Array(1_000).fill(n))
  return true
}
