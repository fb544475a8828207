import {
  MEMBER_CLAIM,
  MEMBER_TAKE,
  SHARED_CONSUMER,
  SHARED_NONE,
  SHARED_PENDING,
  SHARED_PRODUCER,
} from '../../assembly/abi.ts'
import { optionInvalid } from '../errors.ts'
import type { Engine } from '../kernels/engine.ts'
import type { SharedRing } from '../memory/shared-ring.ts'

/** Looks at a slot another thread is in the middle of using, before it counts as not there: some microseconds. */
const PATIENCE = 1_000

/** One thread's place at a shared ring: its member, and the kernels of the ring's kind. */
export class RingPort {
  readonly ring: SharedRing
  readonly engine: Engine
  /** Which member this is. */
  readonly index: number
  /** Its address. */
  readonly member: number
  #isProducer: boolean
  #isConsumer: boolean
  #hasLeft = false

  /** @throws EventfluxError `OPTION_INVALID` when all places are taken. */
  constructor(engine: Engine, ring: SharedRing) {
    this.engine = engine
    this.ring = ring
    this.index = ring.join()
    if (this.index < 0) {
      throw optionInvalid(
        `${ring.memberCount} threads use this queue, and it was made for no more: raise members, or detach those that are done`,
        { value: ring.memberCount, at: 'members' },
      )
    }
    this.member = ring.member(this.index)
    this.#isProducer = ring.kind === 'mpmc'
    this.#isConsumer = ring.kind === 'mpmc'
  }

  /** Up to `n` free slots: how many, or a SHARED_ constant. */
  claim(n: number): number {
    this.#produce()
    const { kernels } = this.engine
    const claim = this.ring.kind === 'spsc' ? kernels.claimSpsc : kernels.claimMpmc
    return patient(() => claim(this.ring.header, this.member, n))
  }

  /** One slot, that of the oldest event if need be. */
  forceClaim(): number {
    return patient(() => this.engine.kernels.forceClaimMpmc(this.ring.header, this.member))
  }

  /** First slot of the claim. */
  get claimedSlot(): number {
    return this.ring.slotOf(this.engine.memory.u32[(this.member + MEMBER_CLAIM) >>> 2]!)
  }

  /** Hands on what was claimed. How many, or SHARED_CLOSED. */
  publish(): number {
    const { kernels } = this.engine
    const publish = this.ring.kind === 'spsc' ? kernels.publishSpsc : kernels.publishMpmc
    const count = publish(this.ring.header, this.member)
    this.ring.forEvents.wake()
    return count
  }

  /** Up to `n` events: how many, or a SHARED_ constant. */
  take(n: number): number {
    this.#consume()
    if (n < 1) return SHARED_NONE
    const { kernels } = this.engine
    const take = this.ring.kind === 'spsc' ? kernels.takeSpsc : kernels.takeMpmc
    return patient(() => take(this.ring.header, this.member, n))
  }

  /** First slot of the take. */
  get takenSlot(): number {
    return this.ring.slotOf(this.engine.memory.u32[(this.member + MEMBER_TAKE) >>> 2]!)
  }

  release(): void {
    const { kernels } = this.engine
    const release = this.ring.kind === 'spsc' ? kernels.releaseSpsc : kernels.releaseMpmc
    release(this.ring.header, this.member)
    this.ring.forRoom.wake()
  }

  /** `claim`, write and `publish` of one number in one call. */
  pushNumber(value: number, isForced: boolean): number {
    this.#produce()
    const { kernels } = this.engine
    const push =
      this.ring.kind === 'spsc' ? kernels.pushSpscF64 : isForced ? kernels.forcePushMpmcF64 : kernels.pushMpmcF64
    let answer = push(this.ring.header, this.member, value)
    if (answer === SHARED_PENDING) answer = patient(() => push(this.ring.header, this.member, value))
    if (answer === 1) this.ring.forEvents.wake()
    return answer
  }

  /** `take`, read and `release` of one number in one call; it stands in the member then. */
  popNumber(): number {
    this.#consume()
    const { kernels } = this.engine
    const pop = this.ring.kind === 'spsc' ? kernels.popSpscF64 : kernels.popMpmcF64
    let answer = pop(this.ring.header, this.member)
    if (answer === SHARED_PENDING) answer = patient(() => pop(this.ring.header, this.member))
    if (answer === 1) this.ring.forRoom.wake()
    return answer
  }

  /** Whether the place was given back; another thread may have it. */
  get hasLeft(): boolean {
    return this.#hasLeft
  }

  /** Gives the place back, once; who waits here without blocking looks again. */
  leave(): void {
    if (this.#hasLeft) return
    this.#hasLeft = true
    if (this.ring.kind === 'spsc')
      for (const at of [SHARED_PRODUCER, SHARED_CONSUMER]) this.ring.giveUpRole(at, this.index)
    this.ring.leave(this.index)
    this.ring.forEvents.wake()
    this.ring.forRoom.wake()
  }

  #produce(): void {
    if (!this.#isProducer) this.#isProducer = this.#play(SHARED_PRODUCER, 'pushes')
  }

  #consume(): void {
    if (!this.#isConsumer) this.#isConsumer = this.#play(SHARED_CONSUMER, 'pops')
  }

  #play(role: number, what: string): true {
    if (this.ring.takeRole(role, this.index)) return true
    throw optionInvalid(
      `another thread ${what}, and a queue of kind 'spsc' has one that does: make it of kind 'mpmc'`,
      {
        value: 'spsc',
        at: 'kind',
      },
    )
  }
}

function patient(attempt: () => number): number {
  let answer = attempt()
  for (let tries = 1; answer === SHARED_PENDING && tries < PATIENCE; tries++) answer = attempt()
  return answer
}
