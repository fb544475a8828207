import { StateWriter } from '../../../src/checkpoint/state-writer.ts'

/** What stands at a place of a state. */
export interface StateField {
  readonly kind: 'u8' | 'u32' | 'f64' | 'text'
  readonly at: number
}

type Method = (this: StateWriter, ...args: never[]) => unknown
const prototype = StateWriter.prototype as unknown as Record<string, Method>

/**
 * Notes what is written where, of all states that are written while `write` runs: who changes a state wants to hit a number,
 * not half of one and half of the next.
 *
 * @returns What was written in a state of these bytes.
 */
export function noteFields(write: () => void): (bytes: Uint8Array) => readonly StateField[] {
  const notes = new Map<StateWriter, StateField[]>()
  const finished: { readonly bytes: Uint8Array; readonly fields: readonly StateField[] }[] = []
  const note = (writer: StateWriter, kind: StateField['kind'], at: number): void => {
    let fields = notes.get(writer)
    if (fields === undefined) notes.set(writer, (fields = []))
    fields.push({ kind, at })
  }
  const originals = { ...pick('u8', 'u32', 'f64', 'i64', 'text', 'words', 'gather', 'finish') }
  for (const kind of ['u8', 'u32', 'f64', 'text'] as const)
    prototype[kind] = function (this: StateWriter, ...args) {
      note(this, kind, this.length)
      return originals[kind]!.apply(this, args)
    }
  prototype.i64 = function (this: StateWriter, ...args) {
    note(this, 'f64', this.length)
    return originals.i64!.apply(this, args)
  }
  for (const name of ['words', 'gather'] as const)
    prototype[name] = function (this: StateWriter, ...args) {
      const start = this.length
      originals[name]!.apply(this, args)
      for (let at = start; at < this.length; at += 4) note(this, 'u32', at)
      for (let at = start; at + 8 <= this.length; at += 8) note(this, 'f64', at)
    }
  prototype.finish = function (this: StateWriter, ...args) {
    const bytes = originals.finish!.apply(this, args) as Uint8Array
    finished.push({ bytes, fields: notes.get(this) ?? [] })
    return bytes
  }
  try {
    write()
  } finally {
    Object.assign(prototype, originals)
  }
  return bytes =>
    finished.findLast(each => each.bytes.length === bytes.length && each.bytes.every((byte, at) => byte === bytes[at]))
      ?.fields ?? []
}

const pick = (...names: string[]): Record<string, Method> =>
  Object.fromEntries(names.map(name => [name, prototype[name]!]))
