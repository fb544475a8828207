import { closed } from '../errors.ts'
import type { SharedStore } from './shared-store.ts'

/** What is behind a queue whose thread has given its place back: another may have that place now, so nothing works any more. */
export const DETACHED: SharedStore<never, never> = {
  get popped(): never {
    return refuse()
  },
  push: refuse,
  pop: refuse,
  pushSome: refuse,
  popSome: refuse,
  columnPusher: refuse,
  popColumns: refuse,
}

/** @throws EventfluxError `CLOSED` */
export function refuse(): never {
  throw closed('this thread has given its place at the queue back with detach: attach to it again')
}
