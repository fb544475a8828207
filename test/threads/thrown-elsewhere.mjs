// Functions that workers load, and what they throw.

class OfItsOwn extends Error {
  name = 'OfItsOwn'
  code = 'E_ITS_OWN'
  path = ['a', 1]
  close = () => {}
}

/** Throws something else for each number. */
export function throws({ n }) {
  if (n === 1) throw new OfItsOwn('its own', { cause: new RangeError('a range', { cause: 'the root' }) })
  if (n === 2) throw { reason: 'no error' }
  if (n === 3) throw () => {}
  return true
}

let isOver = false
const cell = new Int32Array(new SharedArrayBuffer(4))

/** Keeps the rows that come once a timer is through that the first has started. Takes a fifth of a millisecond for each. */
export function isBehindTimer({ n }) {
  if (n === 0) setTimeout(() => (isOver = true), 0)
  Atomics.wait(cell, 0, 0, 0.2)
  return isOver
}
