import { describe, expect, it } from 'vitest'
import { LinearMemory } from '../../src/memory/linear-memory.ts'
import { SharedRing, sharedRingBytes } from '../../src/memory/shared-ring.ts'
import { recover } from '../../src/queues/recovery.ts'
import { f64 } from '../../src/schema/data-type.ts'
import { steppedKernels } from './step-machine.ts'

type Act = 'push' | 'force' | 'pop'
const ACTS: readonly Act[] = ['push', 'force', 'pop']
const LIVING = 0
const MORTAL = 1
const OBSERVER = 2
/** Steps an act takes at most, undisturbed. */
const MOST_STEPS = 14

const kernels = steppedKernels('mpmc')(value => value)

class Stage {
  readonly #ring: SharedRing
  readonly #memory: LinearMemory
  readonly #capacity: number

  constructor(capacity: number, filled: number) {
    const shape = { kind: 'mpmc' as const, fields: [{ name: 'value', type: f64() }], capacity, members: 3 }
    this.#capacity = capacity
    this.#memory = new LinearMemory({ engine: 'js', maxBytes: sharedRingBytes(shape) + 65_536 })
    this.#ring = new SharedRing(this.#memory, shape)
    this.#ring.initialise()
    for (const _ of [LIVING, MORTAL, OBSERVER]) this.#ring.join()
    for (let i = 0; i < filled; i++) this.#alone('push')
  }

  start(act: Act, member: number) {
    const { header } = this.#ring
    if (act === 'pop') return kernels.pop(this.#memory, header, this.#ring.member(member))
    return kernels[act === 'push' ? 'push' : 'forcePush'](this.#memory, header, this.#ring.member(member), 1)
  }

  /** Recovers what the mortal left. False: the living stands where it can't be told yet whose it is. */
  recover(): boolean {
    try {
      recover(this.#ring, [MORTAL], this.#ring.member(OBSERVER), 0)
      return true
    } catch (error) {
      expect(error).toMatchObject({ code: 'TIMEOUT' })
      expect(this.#ring.isMember(MORTAL)).toBe(true)
      return false
    }
  }

  /** Whether every slot can be filled and emptied again. */
  get isSound(): boolean {
    while (this.#alone('pop') === 1);
    for (let turn = 0; turn < 3; turn++)
      for (const act of ['push', 'pop'] as const)
        for (let i = 0; i < this.#capacity; i++) if (this.#alone(act) !== 1) return false
    return this.#ring.length === 0 && !this.#ring.isMember(MORTAL)
  }

  #alone(act: Act): number {
    const steps = this.start(act, OBSERVER)
    for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value
  }
}

const pairs = ACTS.flatMap(living => ACTS.map(mortal => ({ living, mortal })))

describe.each(pairs)('a thread that dies in a $mortal while another is in a $living', ({ living, mortal }) => {
  it.each(['at once', 'when the other is done'])('leaves nothing that can not be recovered %s', when => {
    for (const capacity of [1, 2, 3])
      for (const filled of [0, 1, capacity])
        for (let before = 0; before < MOST_STEPS; before++)
          for (let dies = 1; dies < MOST_STEPS; dies++) {
            const stage = new Stage(capacity, filled)
            const other = stage.start(living, LIVING)
            let isDone = false
            for (let i = 0; i < before && !isDone; i++) isDone = other.next().done === true
            const dying = stage.start(mortal, MORTAL)
            for (let i = 0; i < dies; i++) dying.next()
            const isRecovered = when === 'at once' && stage.recover()
            while (!isDone) isDone = other.next().done === true
            if (!isRecovered) expect(stage.recover()).toBe(true)
            expect({ capacity, filled, before, dies, isSound: stage.isSound }).toMatchObject({ isSound: true })
          }
  })
})
