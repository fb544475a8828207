import { AbortGate } from '../connector/abort-gate.ts'
import { goesOn } from '../connector/goes-on.ts'
import type { Source } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { sourceFailed } from '../errors.ts'
import { expectArgument, has } from '../options.ts'
import { type Parcel, type PortLike, parcelOf } from './port-parcel.ts'

/**
 * The rows that `toPort` sends from another thread or frame, as a source. It tells the other side what it has taken, so that
 * backpressure goes through the port, and when it stops. Other messages are passed over.
 *
 * @example
 * const worker = new Worker('trades.js', { type: 'module' })
 * const source = fromPort<{ time: number; symbol: string; price: number }>(worker)
 */
export function fromPort<E>(port: PortLike, options: { readonly name?: string } = {}): Source<E> {
  expectArgument('fromPort', port, has('postMessage', 'addEventListener'), 'a port, with postMessage()')
  const { name = 'port' } = options
  const post = (parcel: Parcel): void => port.postMessage(parcel)
  return toSource<E>({
    metadata: { name, kind: 'port', replayable: false, bounded: false },
    run: intake =>
      new Promise<void>((resolve, reject) => {
        const gate = new AbortGate(intake.signal)
        let pushing = Promise.resolve()
        const finish = (settle: () => void): void => {
          port.removeEventListener('message', listener)
          intake.signal.removeEventListener('abort', stop)
          gate.close()
          settle()
        }
        const leave = (settle: () => void): void => {
          post({ eventflux: 'left' })
          finish(settle)
        }
        const stop = (): void => leave(resolve)
        const take = async (rows: readonly E[]): Promise<void> => {
          if (intake.signal.aborted || !(await goesOn(intake.pushMany(rows), gate))) return
          post({ eventflux: 'taken', rows: rows.length })
        }
        const listener = (event: MessageEvent): void => {
          const parcel = parcelOf(event)
          if (parcel?.eventflux === 'asks') post({ eventflux: 'ready' })
          else if (parcel?.eventflux === 'rows' && Array.isArray(parcel.rows)) {
            pushing = pushing.then(() => take(parcel.rows as readonly E[]))
            pushing.catch(error => leave(() => reject(error)))
          } else if (parcel?.eventflux === 'end') void pushing.then(() => finish(resolve))
          else if (parcel?.eventflux === 'failed') {
            const failure = sourceFailed(`the other side failed: ${parcel.message}`, { at: name })
            void pushing.then(() => finish(() => reject(failure)))
          }
        }
        if (intake.signal.aborted) return stop()
        intake.signal.addEventListener('abort', stop, { once: true })
        port.addEventListener('message', listener)
        port.start?.()
        post({ eventflux: 'ready' })
      }),
  })
}
