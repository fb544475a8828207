/** What a port can be: one of a MessageChannel, a worker, or what a worker sees of its page. */
export interface PortLike {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void
  /** Ports of a channel wait for it. */
  start?(): void
}

/**
 * What goes through a port between `toPort` and `fromPort`. A worker hears nothing of what is sent before it listens: rows are
 * kept until somebody says that it does, and whoever comes first is asked by the one that comes second.
 */
export type Parcel =
  /** Does anybody take rows here? */
  | { readonly eventflux: 'asks' }
  /** Rows are taken from now on. */
  | { readonly eventflux: 'ready' }
  | { readonly eventflux: 'rows'; readonly rows: readonly unknown[] }
  | { readonly eventflux: 'taken'; readonly rows: number }
  /** No more rows are taken. */
  | { readonly eventflux: 'left' }
  | { readonly eventflux: 'end' }
  | { readonly eventflux: 'failed'; readonly message: string }

export const parcelOf = ({ data }: MessageEvent): Parcel | undefined =>
  typeof data === 'object' && data !== null && typeof data.eventflux === 'string' ? (data as Parcel) : undefined
