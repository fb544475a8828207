/**
 * For pages and workers: WebSocket, server-sent events, HTTP bodies, ports and channels, checkpoints in browsers, the life
 * of a page.
 *
 * @module eventflux/web
 */

export { type EventSourceOptions, fromEventSource } from './event-source.ts'
export { fetched } from './fetched.ts'
export { indexedDbStore } from './indexed-db-store.ts'
export type { MessageOptions } from './message-events.ts'
export { opfsStore } from './opfs-store.ts'
export { onPageLifecycle, type PageLifecycle } from './page-lifecycle.ts'
export {
  fromBroadcastChannel,
  fromPort,
  type PortLike,
  type ToPortOptions,
  toBroadcastChannel,
  toPort,
} from './ports.ts'
export {
  fromWebSocket,
  type Reconnect,
  type ToWebSocketOptions,
  toWebSocket,
  type WebSocketOptions,
} from './web-socket.ts'
