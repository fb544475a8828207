const MIB = 2 ** 20
const KINDS = ['rss', 'linear', 'heap'] as const

type Footprint = Readonly<Record<(typeof KINDS)[number], number>>

/** Share of the samples that are warm-up: state fills, code is compiled, the heap finds its size. */
const WARM_UP = 0.3
/** Growth behind the warm-up that is none yet, in MiB: what a process does on its own. */
const TOLERANCE_MIB: Readonly<Record<(typeof KINDS)[number], number>> = { rss: 16, linear: 1, heap: 4 }

/** What a process takes in the course of a run, in MiB: all of it, linear memory, and the JavaScript heap in use. */
export class MemoryCurve {
  readonly #samples: Footprint[] = []
  readonly #memories: WebAssembly.Memory[] = []

  /** Make it before the job: it looks at every linear memory made from then on. */
  constructor() {
    const memories = this.#memories
    WebAssembly.Memory = class extends WebAssembly.Memory {
      constructor(descriptor: WebAssembly.MemoryDescriptor) {
        super(descriptor)
        memories.push(this)
      }
    }
  }

  /** Looks, after a full collection, and prints what it sees. */
  sample(bids: number, results: number): void {
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    const linear = this.#memories.reduce((bytes, { buffer }) => bytes + buffer.byteLength, 0)
    const sample = { rss: rss / MIB, linear: linear / MIB, heap: heapUsed / MIB }
    this.#samples.push(sample)
    const cells = [
      bids.toLocaleString('en'),
      results.toLocaleString('en'),
      ...KINDS.map(kind => sample[kind].toFixed(1)),
    ]
    console.log(cells.map(cell => cell.padStart(15)).join(''))
  }

  /** What grew from the most of the first half behind the warm-up to the most of the second, in words. */
  growth(): string[] {
    const steady = this.#samples.slice(Math.ceil(this.#samples.length * WARM_UP))
    const half = Math.floor(steady.length / 2)
    return KINDS.flatMap(kind => {
      const [before, after] = [steady.slice(0, half), steady.slice(half)].map(part =>
        Math.max(...part.map(sample => sample[kind])),
      ) as [number, number]
      const isFlat = after - before <= TOLERANCE_MIB[kind]
      return isFlat ? [] : [`${kind} from ${before.toFixed(1)} to ${after.toFixed(1)} MiB`]
    })
  }
}
