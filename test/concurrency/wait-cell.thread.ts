import { parentPort, workerData } from 'node:worker_threads'
import { WaitCell } from '../../src/memory/wait-cell.ts'

/** Words 0 and 1: the last round each side has begun; 2 … 5: where each side waits for the other. */
const { memory, rounds, side } = workerData as { memory: SharedArrayBuffer; rounds: number; side: 0 | 1 }
const cells = new Int32Array(memory)
const mine = new WaitCell(cells, 2 + 2 * side)
const theirs = new WaitCell(cells, 4 - 2 * side)
for (let round = 1; round <= rounds; round++) {
  // Side 0 leads: the other is always a round behind it.
  const awaited = side === 0 ? round - 1 : round
  mine.park(() => Atomics.load(cells, 1 - side) >= awaited)
  Atomics.store(cells, side, round)
  theirs.wake()
}
parentPort!.postMessage('done')
