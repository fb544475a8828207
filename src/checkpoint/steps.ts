import { nextTurn } from '../time/turn.ts'

/** Bytes gone through before others get a turn: about a millisecond's worth. */
const BYTES_A_TURN = 2 ** 20

/** Work on many bytes in steps, to be taken at once or with pauses between them; each tells how many it went through. */
export type Steps<T> = Generator<number, T, void>

/** Takes all steps at once. */
export function allSteps<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

/** Takes the steps in turns of the event loop, so that events don't wait for all of them. */
export async function inTurns<T>(steps: Steps<T>): Promise<T> {
  for (let bytes = 0; ; ) {
    const step = steps.next()
    if (step.done) return step.value
    bytes += step.value
    if (bytes < BYTES_A_TURN) continue
    bytes = 0
    await nextTurn()
  }
}

/** The bytes in pieces to be gone through in one step each. */
export function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += BYTES_A_TURN) yield bytes.subarray(from, from + BYTES_A_TURN)
}
