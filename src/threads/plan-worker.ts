import { restoreParts, restoreSections, sectionsOf } from '../checkpoint/named-state.ts'
import { ErrorPolicyRunner } from '../connector/error-policy-runner.ts'
import { createEngine } from '../kernels/engine.ts'
import { createEngineWithin } from '../kernels/shared-engine.ts'
import { Arena } from '../memory/arena.ts'
import { dictionariesOf } from '../memory/column-buffers.ts'
import type { Chain } from '../operators/chain.ts'
import { chainStates } from '../operators/chain-state.ts'
import type { EvaluationContext } from '../operators/evaluator/evaluation-frame.ts'
import type { EventTimeOperator } from '../operators/event-time/event-time.ts'
import { PartialWindowOperator } from '../operators/window/partial-window.ts'
import { functionsCalled, loadFunctions } from '../plan/load-functions.ts'
import { schemaOf } from '../plan/plan-scope.ts'
import { ownTexts } from '../runtime/own-texts.ts'
import { systemClock } from '../time/clock.ts'
import { KernelModule } from '../wasm/kernel-module.ts'
import { SHARED_KERNELS } from '../wasm/packaged/inline-shared.ts'
import { BatchReceiver, ReceivedInputs, StreamTexts } from './batch-receiver.ts'
import { FrameRing } from './frame-ring.ts'
import { FRAME } from './frames.ts'
import { LentReceiver } from './lent-receiver.ts'
import type { RecordLink } from './record-link.ts'
import { TurnTimers } from './turn-timers.ts'
import { WorkerCells } from './worker-cells.ts'
import { workerChain } from './worker-chain.ts'
import type { WorkerJob, WorkerMessage, WorkerPort, WorkerRestore, WorkerShape } from './worker-job.ts'
import { WorkerLinks } from './worker-links.ts'
import { WorkerTimes } from './worker-times.ts'

/** Sends the main thread a message, and gives away what goes along. */
type PostMessage = (message: WorkerMessage, transfer?: ArrayBuffer[]) => void

/** Makes what a worker runs. @throws what building a chain throws. */
export async function openWorker(job: WorkerJob, post: PostMessage): Promise<PlanWorker> {
  const { module, within, maxMemory } = job
  const engine = within
    ? await createEngineWithin(within.memory, SHARED_KERNELS, maxMemory)
    : await createEngine({ engine: job.engine, maxBytes: maxMemory, module: module && new KernelModule(() => module) })
  const nodes = await Promise.all(job.nodes.map(loadFunctions))
  const compiled = within && (await SHARED_KERNELS.compile())
  return new PlanWorker({ ...job, nodes }, engine, compiled, post)
}

/**
 * A replica of a plan, or some of its steps: the ordinary operators over memory of its own. It does what the frames of its
 * input say, in their order, and nothing on its own account: the clock comes with them too.
 */
export class PlanWorker {
  readonly shape: WorkerShape
  readonly #input: FrameRing
  readonly #consumer: number
  readonly #links: WorkerLinks
  /** The input of the stage before, where what comes from there can be taken back, and is waited for. */
  readonly #before: FrameRing | undefined
  readonly #post: PostMessage
  readonly #isOrdered: boolean
  readonly #chain: Chain
  readonly #timers: TurnTimers
  readonly #inputs: ReceivedInputs | undefined
  readonly #receiver: BatchReceiver
  readonly #lent: LentReceiver
  readonly #texts: StreamTexts
  readonly #cells: WorkerCells
  readonly #times = new WorkerTimes()
  readonly #isTimed: boolean
  readonly #policies: ErrorPolicyRunner[] = []
  /** Where records go, when it does the first half of a window. */
  readonly #records: RecordLink | undefined
  /** Whether functions of users run here, which may have timers and promises on their way: the thread must not stand still. */
  readonly #runsFunctions: boolean
  #toldTimer = Number.POSITIVE_INFINITY
  /** The checkpoint whose barrier came last. */
  #barrier = 0
  /** Bytes of each section in the last checkpoint: what the next one is given room for. */
  readonly #lengths = new Map<string, number>()
  #wake: (() => void) | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(
    job: WorkerJob,
    engine: Awaited<ReturnType<typeof createEngine>>,
    compiled: WebAssembly.Module | undefined,
    post: PostMessage,
  ) {
    const { maxBatch, maxKeys } = job
    const { kernels, memory } = engine
    this.#post = post
    this.#isOrdered = job.isOrdered
    this.#isTimed = job.isTimed
    this.#consumer = job.consumer
    this.#input = new FrameRing(job.input, job.consumers, undefined, job.within?.place)
    this.#links = new WorkerLinks(job, () => post({ kind: 'call' }))
    this.#before = job.before && new FrameRing(job.before, 1)
    this.#timers = new TurnTimers(job.nowMs)
    this.#inputs = job.inputs === 0 ? undefined : new ReceivedInputs(job.inputs)
    const arena = new Arena(memory)
    // What is allocated first is the input.
    if (job.within !== undefined) arena.allocate(job.within.place.bytes)
    const context: EvaluationContext = { kernels, arena, maxBatch, maxCodes: maxKeys }
    const { fields } = schemaOf(job.source)
    // The main thread's dictionary may hold as many texts as may be alive, and what is alive here comes on top.
    const dictionaries = dictionariesOf(fields, maxKeys * 2)
    const columns = fields.map(({ name, type }, i) => ({ name, type, dictionary: dictionaries[i] }))
    const { chain, streams, records, made } = workerChain(job, columns, {
      context,
      timers: this.#timers,
      inputs: this.#inputs,
      links: this.#links,
      policyOf: stage => this.#policyOf(stage, job),
      listener: { ready: () => this.#wake?.(), failed: error => this.#fail(error) },
    })
    this.#chain = chain
    this.#records = records
    const isWithin = job.within !== undefined
    this.#receiver = new BatchReceiver(columns, context, { rows: maxBatch, inputs: this.#inputs, isWithin })
    this.#lent = new LentReceiver(columns, context)
    this.#texts = new StreamTexts(columns, context)
    ownTexts(chain, {
      dictionaries,
      made,
      mark: (dictionary, mark) => {
        this.#receiver.markCodes(dictionary, mark)
        this.#lent.markCodes(dictionary, mark)
      },
    })
    this.#runsFunctions = this.#policies.length > 0 || job.nodes.some(node => functionsCalled(node).size > 0)
    const { operators, windows, eventTimes } = chain
    this.#cells = new WorkerCells({
      operators: operators.length,
      windows: windows.length,
      eventTimes: eventTimes.length,
      stages: this.#policies.length,
      links: job.link === undefined ? 0 : 1,
    })
    this.#links.countIn(this.#cells.link)
    const stepOf = new Map(
      [...chain.operatorsOf].flatMap(([node, of]) => of.map(each => [each, job.nodes.indexOf(node)])),
    )
    this.shape = {
      streams,
      operators: operators.map(operator => ({
        name: operator.name,
        step: stepOf.get(operator)!,
        notes: operator.notes?.() ?? [],
      })),
      windows: windows.length,
      eventTimes: eventTimes.length,
      links: job.link === undefined ? 0 : 1,
      stages: this.#policies.map(({ stage }) => stage),
      kernels: compiled,
      cells: this.#cells.shared,
      times: this.#times.shared,
    }
  }

  /** Goes on from what was kept. Before it runs. @throws EventfluxError `CHECKPOINT_INVALID`, `CHECKPOINT_MISMATCH` */
  restore({ parts, isSpreadOtherwise, tolerance }: WorkerRestore): void {
    const states = chainStates(this.#chain)
    if (isSpreadOtherwise) restoreParts(states, parts, tolerance)
    else restoreSections(states, parts[0]!, tolerance)
  }

  /** Works until it is stopped. */
  async run({ letGo, next }: WorkerPort): Promise<void> {
    const input = this.#input
    this.#tellTimer()
    while (!input.isStopped) {
      if (this.#runsFunctions) await letGo()
      this.#links.flush()
      const offset = input.poll(this.#consumer)
      if (offset < 0) {
        await this.#idle(letGo)
        continue
      }
      const { kind, a, b } = input
      const goneRows = kind === FRAME.rows && this.#before !== undefined ? input.takeOffer() : 0
      if (kind !== FRAME.pack && kind !== FRAME.known)
        this.#cells.frameTaken(kind === FRAME.rows || kind === FRAME.lent ? b - goneRows : 0)
      while (kind === FRAME.lent && !this.#lent.knows(input)) this.#lent.share(await next())
      const startNs = this.#isTimed ? systemClock.monotonicNs() : 0
      const { waitedNs } = this.#links
      await this.#take(kind, kind === FRAME.rows ? goneRows : a, offset)
      if (kind !== FRAME.rows || this.#before === undefined) this.#giveBack()
      if (kind === FRAME.pack) continue
      this.#count()
      if (this.#isTimed) this.#times.record(systemClock.monotonicNs() - startNs, this.#links.waitedNs - waitedNs)
      this.#tellTimer()
      this.#links.output.callIfDue(false)
      if (this.#isOrdered && this.#records === undefined) this.#tellWatermark()
      if (kind === FRAME.barrier) this.#passBarrier()
      else if (kind === FRAME.tick) this.#links.tellNext(kind, 0, this.#timers.now())
      else if (kind === FRAME.end || kind === FRAME.marker) {
        if (this.#records !== undefined) this.#tellWatermark()
        if (this.#links.hasNext) this.#links.tellNext(kind, a, 0)
        else this.#links.output.tell(FRAME.done, a, 0)
      }
    }
  }

  close(): void {
    this.#chain.head.close()
  }

  async #idle(letGo: () => Promise<void>): Promise<void> {
    if (this.#records !== undefined) this.#tellWatermark()
    this.#links.output.callIfDue(true)
    if (this.#runsFunctions) return this.#input.frameThere(this.#consumer, this.#links.isDue)
    await letGo()
    this.#input.awaitFrame(this.#consumer, this.#links.isDue)
  }

  /** The frame polled last is not looked at any more. */
  #giveBack(): void {
    this.#input.release(this.#consumer)
    this.#before?.wakeConsumers()
    if (this.#input.takeSpaceCall()) this.#post({ kind: 'call' })
  }

  /** @param a Of rows: how many of the first were taken back. */
  async #take(kind: number, a: number, offset: number): Promise<void> {
    const { f64 } = this.#input
    switch (kind) {
      case FRAME.pack:
        this.#texts.add(this.#input, offset)
        return
      case FRAME.rows: {
        // First: moving on the clock may hand the thread to somebody who polls.
        const batch = this.#receiver.read(this.#input, offset, this.#texts)
        const nowMs = f64[offset >>> 3]!
        if (a > 0) this.#receiver.passOver(a)
        // From here on they are a copy, and the stage before may offer others.
        if (this.#before !== undefined) this.#giveBack()
        await this.#advance(nowMs)
        if (batch.selectedCount > 0) await this.#through(this.#chain.head.process(batch))
        this.#receiver.pass()
        return
      }
      case FRAME.lent:
        await this.#through(this.#chain.head.process(this.#lent.read(this.#input, offset, this.#texts)))
        this.#lent.pass()
        return
      case FRAME.tick:
        // The main thread has let go of its timer.
        this.#toldTimer = Number.NaN
        await this.#advance(f64[offset >>> 3]!)
        return
      case FRAME.known:
        this.#texts.know()
        return
      case FRAME.stand:
        await this.#through(this.#eventTime.goOnFrom(f64, offset >>> 3))
        return
      case FRAME.barrier:
        this.#keep(f64[offset >>> 3]!)
        return
      case FRAME.inputEnd:
        await this.#through(this.#chain.endInput(a))
        return
      case FRAME.watermark:
        await this.#through(this.#chain.head.advanceWatermark(f64[offset >>> 3]!))
        return
      case FRAME.end:
        await this.#through(this.#chain.head.advanceWatermark(Number.POSITIVE_INFINITY))
        return
    }
  }

  /** Sends what all operators keep between two batches: records go the way of all records, and then nothing is left. */
  #keep(checkpointId: number): void {
    this.#barrier = checkpointId
    if (this.#records !== undefined) {
      for (const window of this.#chain.windows) if (window instanceof PartialWindowOperator) window.giveAll()
      return
    }
    this.#count()
    const startNs = systemClock.monotonicNs()
    const sections = sectionsOf(chainStates(this.#chain), name => (this.#lengths.get(name) ?? 256) + 64)
    for (const { name, bytes } of sections) this.#lengths.set(name, bytes.length)
    this.#post(
      {
        kind: 'state',
        id: checkpointId,
        sections,
        counts: this.#cells.counts(),
        nowMs: this.#timers.now(),
        pauseNs: systemClock.monotonicNs() - startNs,
      },
      sections.map(({ bytes }) => bytes.buffer as ArrayBuffer),
    )
  }

  /** Behind the barrier come the results of rows behind it: with the thread that runs the job, and in the next stage. */
  #passBarrier(): void {
    this.#links.output.tell(FRAME.barrier, 0, this.#barrier)
    this.#links.tellNext(FRAME.barrier, 0, this.#barrier)
  }

  /** Everything that is due by then, in its order. */
  async #advance(nowMs: number): Promise<void> {
    for (;;) {
      const isThrough = this.#timers.advance(nowMs)
      if (isThrough === undefined) return
      await this.#through(isThrough)
    }
  }

  /** Waits for what a function of the user has promised. */
  async #through(isThrough: boolean): Promise<void> {
    for (let done = isThrough; !done; done = this.#chain.head.resume()) {
      if (this.#failure !== undefined) throw this.#failure.error
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    if (this.#failure !== undefined) throw this.#failure.error
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#wake?.()
  }

  #policyOf(stage: string, { skips }: WorkerJob): ErrorPolicyRunner {
    const policy = skips.includes(stage) ? 'skip' : 'fail'
    // Neither of the two ever waits.
    const runner = new ErrorPolicyRunner({ stage, policy, clock: systemClock })
    this.#policies.push(runner)
    return runner
  }

  #count(): void {
    const { operators, windows, eventTimes } = this.#chain
    for (let i = 0; i < operators.length; i++) this.#cells.setRows(i, operators[i]!)
    for (let i = 0; i < windows.length; i++) this.#cells.setLateRows(i, windows[i]!.lateRows)
    for (let i = 0; i < eventTimes.length; i++) this.#cells.setWatermark(i, eventTimes[i]!.currentWatermark)
    this.#cells.setGiven(this.#links.rowsOut + (this.#records?.rowsOut ?? 0))
    for (let i = 0; i < this.#policies.length; i++) this.#cells.setErrors(i, this.#policies[i]!.counts)
  }

  #tellWatermark(): void {
    this.#links.output.tellWatermark(this.#eventTime.currentWatermark, this.#isOrdered)
  }

  get #eventTime(): EventTimeOperator {
    return this.#chain.eventTimes[0] as EventTimeOperator
  }

  /** Has the main thread's clock send a turn when the next timer is due. */
  #tellTimer(): void {
    const next = this.#timers.nextMs
    if (next === this.#toldTimer) return
    this.#toldTimer = next
    this.#links.output.tell(FRAME.timer, 0, next)
  }
}
