// What workers put on a row: when they have it, in milliseconds of the clock all threads of a process have.

const nowMs = () => Number(process.hrtime.bigint() / 1_000n) / 1_000

export const atFirst = ({ n }) => ({ n, first: nowMs() })

export const atSecond = ({ n, first }) => ({ n, first, second: nowMs() })
