import { optionInvalid, planInvalid, show } from '../errors.ts'
import { checkOptions } from '../options.ts'
import {
  type BackpressureStrategy,
  type BlockWithTimeout,
  type CircuitBreaker,
  type ExponentialBackoff,
  type NormalisedStrategy,
  normaliseStrategy,
  type UnboundedUpTo,
} from './backpressure-strategy.ts'

/** What becomes of rows for which the next stage has no room: the strategies of an edge that need nobody who pushes. */
export type LinkStrategy =
  | 'block'
  | 'drop-oldest'
  | 'drop-newest'
  | 'unbounded'
  | 'error'
  | BlockWithTimeout
  | UnboundedUpTo

/**
 * The link in front of a stage. Without any of these the stage before waits for room in the ring between the two, which is
 * measured in bytes.
 *
 * @example
 * ```ts
 * const links: LinkOptions = { bufferSize: 10_000, backpressure: 'drop-oldest' }
 * ```
 */
export interface LinkOptions {
  /** Rows that may wait in it: exactly this many. 1 to 2^26; as many as the job's edge holds by default. */
  readonly bufferSize?: number
  /** What becomes of further rows; `'block'` by default. Times are those of the system's clock. */
  readonly backpressure?: LinkStrategy
}

/** A strategy of a link in its long form. */
export type NormalisedLinkStrategy = Exclude<NormalisedStrategy, Required<ExponentialBackoff> | CircuitBreaker>

/** A link as a plan has it. */
export interface LinkSpec {
  /** The step that the stage behind it begins with. */
  readonly at: number
  readonly bufferSize?: number
  readonly backpressure: NormalisedLinkStrategy
}

const MAX_ROWS = 2 ** 26

/**
 * Checks what was said of a link; undefined: nothing was.
 *
 * @throws EventfluxError `OPTION_INVALID` for an unknown option, a number out of its range, and a strategy that links can't
 * have.
 */
export function linkSpec(at: number, options: LinkOptions | undefined): LinkSpec | undefined {
  checkOptions<LinkOptions>('stage', options, { bufferSize: true, backpressure: true })
  const { bufferSize, backpressure } = options ?? {}
  if (bufferSize === undefined && backpressure === undefined) return undefined
  if (bufferSize !== undefined && !(Number.isInteger(bufferSize) && bufferSize >= 1 && bufferSize <= MAX_ROWS))
    throw optionInvalid(`bufferSize of a link is an integer from 1 to ${MAX_ROWS}, not ${show(bufferSize)}`, {
      value: bufferSize,
      at: 'bufferSize',
    })
  return Object.freeze({
    at,
    ...(bufferSize !== undefined && { bufferSize }),
    backpressure: linkStrategy(backpressure ?? 'block'),
  })
}

/** Whether rows may be dropped there. */
export const isLossy = ({ backpressure }: LinkSpec): boolean =>
  backpressure.kind === 'drop-oldest' ||
  backpressure.kind === 'drop-newest' ||
  (backpressure.kind === 'block' && backpressure.timeoutMs !== undefined)

/** A link in words. */
export function describeLink({ bufferSize, backpressure }: LinkSpec): string {
  const rows = bufferSize === undefined ? '' : `${bufferSize} rows, `
  if (backpressure.kind === 'block' && backpressure.timeoutMs !== undefined)
    return `${rows}block for at most ${backpressure.timeoutMs} ms`
  if (backpressure.kind === 'unbounded' && backpressure.maxBytes !== undefined)
    return `${rows}unbounded up to ${backpressure.maxBytes} bytes`
  return `${rows}${backpressure.kind}`
}

/** The links of a plan, each in front of a stage it has. @throws EventfluxError `PLAN_INVALID` */
export function checkLinks(links: readonly LinkSpec[], stages: readonly number[]): void {
  for (const [i, { at }] of links.entries())
    if (!stages.includes(at) || at <= (links[i - 1]?.at ?? 0))
      throw planInvalid(`Each link leads to a stage of its own; none begins behind ${show(at)} steps`, { value: at })
}

function linkStrategy(given: BackpressureStrategy): NormalisedLinkStrategy {
  const strategy = normaliseStrategy(given)
  if (strategy.kind !== 'backoff' && strategy.kind !== 'circuit-breaker') return strategy
  throw optionInvalid(
    `A link between stages can't have the strategy ${show(strategy.kind)}: nobody pushes there who could be refused and come back later. ` +
      `Take 'block', 'drop-oldest', 'drop-newest', 'unbounded' or 'error', or give it to the pipeline`,
    { value: strategy.kind, at: 'backpressure' },
  )
}
