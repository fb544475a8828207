/**
 * For pages and workers: WebSocket, server-sent events, HTTP bodies, ports and channels, checkpoints in browsers, the life
 * of a page.
 *
 * @module eventflux/web
 */

export { fromBroadcastChannel, toBroadcastChannel } from './broadcast-channel.ts'
export { type EventSourceOptions, fromEventSource } from './event-source.ts'
export { fetched } from './fetched.ts'
export { fromPort } from './from-port.ts'
export { indexedDbStore } from './indexed-db-store.ts'
export type { MessageOptions } from './message-events.ts'
export { opfsStore } from './opfs-store.ts'
export { onPageLifecycle, type PageLifecycle } from './page-lifecycle.ts'
export type { PortLike } from './port-parcel.ts'
export { type ToPortOptions, toPort } from './to-port.ts'
export {
  fromWebSocket,
  type Reconnect,
  type ToWebSocketOptions,
  toWebSocket,
  type WebSocketOptions,
} from './web-socket.ts'
