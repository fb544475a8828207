import type { StateReader } from '../../checkpoint/state-reader.ts'

/** The ids of the keys of a state, as they are here. */
export interface KeyIds {
  /** Ids in the state are below it. */
  readonly limit: number
  /** The id here; -1: the key is another's. */
  of(id: number): number
}

/** All keys have the ids they had. */
export const sameIds = (limit: number): KeyIds => ({ limit, of: id => id })

/** Ids that are found out once each. @param find The id here of one of the state; -1: the key is another's. */
export function foundIds(reader: StateReader, limit: number, find: (id: number) => number): KeyIds {
  const known = new Map<number, number>()
  const found = new Set<number>()
  return {
    limit,
    of(id) {
      let own = known.get(id)
      if (own === undefined) {
        own = find(id)
        if (found.has(own)) reader.refuse(`the ids of keys are not all of different keys`)
        if (own >= 0) found.add(own)
        known.set(id, own)
      }
      return own
    },
  }
}

/** The greatest of some ids; -1: all are others'. */
export const greatestOf = (ids: ArrayLike<number>): number => {
  let greatest = -1
  for (let i = 0; i < ids.length; i++) if (ids[i]! > greatest) greatest = ids[i]!
  return greatest
}
