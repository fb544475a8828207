import { MEMBER_VALUE, SHARED_CLOSED, SHARED_NONE, SHARED_PENDING } from '../../assembly/abi.ts'
import type { SharedRingKind } from '../../src/memory/shared-ring.ts'
import type { RingPort } from '../../src/queues/ring-port.ts'
import type { Event, Operation, Result } from './linearizability.ts'

/** An event and when it was: numbers drawn one after the other by all threads. */
export interface Timed {
  readonly at: number
  readonly round: number
  readonly event: Event
}

const OPERATIONS = 8

/** What each of the threads does, by chance. */
const ACTS = {
  mpmc: ['push', 'pop', 'push', 'pop', 'force'],
  producer: ['push'],
  consumer: ['pop'],
} as const

/** Which threads take part, and what they do; the first may pop. */
export const PARTS = {
  mpmc: ['mpmc', 'mpmc', 'mpmc', 'mpmc'],
  spsc: ['consumer', 'producer'],
} as const

/**
 * Rounds of a few operations each thread does at the same time as the others; between rounds the first thread empties
 * the queue. Words of the clock: 0 what is drawn from, 1 threads at the barrier, 2 barriers passed.
 */
export function playRounds(
  port: RingPort,
  kind: SharedRingKind,
  memory: SharedArrayBuffer,
  thread: number,
  rounds: number,
): Timed[] {
  const clock = new Int32Array(memory)
  const acts = ACTS[PARTS[kind][thread]!]
  const threads = PARTS[kind].length
  const recorded: Timed[] = []
  let seed = 1 + thread
  const random = (n: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff
    return (seed >>> 8) % n
  }
  let value = thread * 1e6
  for (let round = 0; round < rounds; round++) {
    const record = (event: Event): void => {
      recorded.push({ at: Atomics.add(clock, 0, 1), round, event })
    }
    const act = (operation: Operation): Result => {
      record({ type: 'call', thread, operation })
      const result = perform(port, operation)
      record({ type: 'return', thread, result })
      return result
    }
    barrier(clock, threads)
    for (let i = 0; i < OPERATIONS; i++) {
      const kind = acts[random(acts.length)]!
      act(kind === 'pop' ? { kind } : { kind, value: value++ })
    }
    barrier(clock, threads)
    while (thread === 0 && typeof act({ kind: 'pop' }) === 'number');
  }
  return recorded
}

function perform(port: RingPort, operation: Operation): Result {
  const answer =
    operation.kind === 'pop'
      ? port.popNumber()
      : operation.kind === 'close'
        ? 1
        : port.pushNumber(operation.value, operation.kind === 'force')
  if (answer === SHARED_PENDING) return 'pending'
  if (answer === SHARED_CLOSED) return 'closed'
  if (answer === SHARED_NONE) return operation.kind === 'pop' ? 'empty' : 'full'
  return operation.kind === 'pop' ? port.engine.memory.f64[(port.member + MEMBER_VALUE) >>> 3]! : 'in'
}

function barrier(clock: Int32Array, threads: number): void {
  const passed = Atomics.load(clock, 2)
  if (Atomics.add(clock, 1, 1) === threads - 1) {
    Atomics.store(clock, 1, 0)
    Atomics.add(clock, 2, 1)
    Atomics.notify(clock, 2)
    return
  }
  // Those that spin begin the round at the same moment.
  for (let i = 0; i < 20_000 && Atomics.load(clock, 2) === passed; i++);
  while (Atomics.load(clock, 2) === passed) Atomics.wait(clock, 2, passed)
}
