import { Worker } from 'node:worker_threads'
import { check } from '../harness/check.ts'
import { type Comparison, type Contestant, compareInRounds } from '../harness/rounds.ts'
import { BATCH, type Consumer } from './consumer-thread.ts'

/** A thread that takes out `count` values or rows a round, and answers with what they add up to. */
export class Peer {
  readonly #worker: Worker
  #answer: ((total: number) => void) | undefined

  constructor(consumer: Consumer) {
    this.#worker = new Worker(new URL(import.meta.url), { workerData: consumer })
    this.#worker.on('message', total => this.#answer!(total))
  }

  post(message: unknown, transferred: ArrayBuffer[] = []): void {
    this.#worker.postMessage(message, transferred)
  }

  /** Lets it begin; resolves once it has all of them. */
  async round(count: number): Promise<() => Promise<number>> {
    let total: Promise<number> = this.#next()
    this.post(count)
    await total
    total = this.#next()
    return () => total
  }

  end(): Promise<number> {
    return this.#worker.terminate()
  }

  #next(): Promise<number> {
    return new Promise(resolve => {
      this.#answer = resolve
    })
  }
}

export interface Sender {
  readonly name: string
  readonly consumer: Consumer
  readonly send: (count: number, peer: Peer) => void
  /** Share of the values it sends a round: slow ones send fewer. */
  readonly share?: number
  readonly targets?: Contestant['targets']
}

export const numbers = new Float64Array(BATCH).map((_, i) => i)
/** What `count` values add up to. */
const totalOf = (count: number): number => (count / BATCH) * ((BATCH * (BATCH - 1)) / 2)

/** Rates are per value: a contestant that sends a share of the values runs that much shorter, and counts as if it had sent all. */
export async function race(
  senders: readonly Sender[],
  count: number,
  quick: boolean,
  unit: string,
  baselines: string[],
) {
  const rows: { sender: Sender; figures: Awaited<ReturnType<typeof compareInRounds>> }[] = []
  for (const sender of senders) {
    const peer = new Peer(sender.consumer)
    const own = Math.max(BATCH, Math.floor((count * (sender.share ?? 1)) / BATCH) * BATCH)
    const contestant: Contestant = {
      name: sender.name,
      async prepare() {
        const done = await peer.round(own)
        return async () => {
          sender.send(own, peer)
          const total = await done()
          check(total === totalOf(own), `the sum through ${sender.name} is ${total}, not ${totalOf(own)}`)
        }
      },
    }
    const comparison: Comparison = {
      contestants: [contestant],
      baselines: [sender.name],
      amount: own / 1e6,
      unit,
      warmups: quick ? 1 : 3,
      rounds: quick ? 2 : 9,
    }
    rows.push({ sender, figures: await compareInRounds(comparison) })
    await peer.end()
  }
  const medianOf = (name: string): number => rows.find(({ sender }) => sender.name === name)!.figures[0]!.median
  const baseline = baselines.reduce((best, name) => (medianOf(name) > medianOf(best) ? name : best))
  return rows.map(({ sender, figures }) => {
    const figure = figures[0]!
    const targets = sender.targets?.map(target => {
      const reached = target.of === 'value' ? figure.median : figure.median / medianOf(target.against ?? baseline)
      return { ...target, reached, met: reached >= target.atLeast }
    })
    const against = sender.name === baseline ? {} : { baseline, ratio: figure.median / medianOf(baseline) }
    return { ...figure, ...against, ...(targets && { targets }) }
  })
}
