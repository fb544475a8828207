import type { Figure, GroupReport } from './figure.ts'
import type { LatencyFigure } from './latency.ts'

/** What a group is told, and where it leaves its figures. */
export interface GroupContext {
  /** Few rounds over little data: shows that everything runs, its figures mean nothing. */
  readonly quick: boolean
  record(figures: readonly Figure[]): void
  recordLatencies(latencies: readonly LatencyFigure[]): void
}

interface Group {
  readonly name: string
  readonly description: string
  readonly run: (context: GroupContext) => Promise<void> | void
}

const groups: Group[] = []

/**
 * Declares one comparison. It runs in a process of its own, so that neither the heap nor the inline caches another one
 * left behind take part. It must check its results before it measures.
 */
export function group(name: string, description: string, run: Group['run']): void {
  groups.push({ name, description, run })
}

/** The entry the runner appends to every suite: `--list` names the groups, `--group NAME` runs one. */
export async function main(args: readonly string[]): Promise<void> {
  // When the runner is stopped there is nobody left to measure for.
  process.once('disconnect', () => process.exit(1))
  process.channel?.unref()
  if (args.includes('--list')) {
    send(groups.map(({ name }) => name))
    return
  }
  const name = args[args.indexOf('--group') + 1]
  const found = groups.find(each => each.name === name)
  if (found === undefined) throw new Error(`There is no group ${name}`)
  const figures: Figure[] = []
  const latencies: LatencyFigure[] = []
  await found.run({
    quick: args.includes('--quick'),
    record: more => figures.push(...more),
    recordLatencies: more => latencies.push(...more),
  })
  if (figures.length + latencies.length === 0) throw new Error(`${found.name} measured nothing`)
  const report: GroupReport = { group: found.name, description: found.description, figures, latencies }
  send(report)
}

function send(message: unknown): void {
  if (process.send) process.send(message)
  else console.log(JSON.stringify(message, undefined, 2))
}
