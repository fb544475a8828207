import { type AddressInfo, createConnection, createServer, type NetConnectOpts, type Socket } from 'node:net'
import { type ByteInput, csvSource, ndjsonSource } from '../connector/byte-source.ts'
import type { CsvDecoderOptions } from '../connector/csv-decoder.ts'
import type { Source, SourceIntake } from '../connector/source.ts'
import { toSource } from '../connector/to-source.ts'
import { messageOf, optionInvalid, show, sourceFailed } from '../errors.ts'
import { expectArgument, isObject } from '../options.ts'
import type { Schema } from '../schema/schema.ts'
import { IntakeTurnstile } from './intake-turnstile.ts'
import { untilDestroyed } from './readable.ts'

/**
 * A connection (TCP, or a Unix socket by `path`) as bytes, for `ndjsonSource` and `csvSource`: opened anew for each run,
 * and at its end when the other side closes it. It has no position for checkpoints.
 *
 * @example
 * const source = ndjsonSource(connectTo({ host: 'localhost', port: 9000 }))
 */
export function connectTo(address: NetConnectOpts): ByteInput {
  // Not a function: what came over one connection doesn't come over the next, so there are no positions.
  return { [Symbol.asyncIterator]: () => untilDestroyed<Uint8Array>(createConnection(address))[Symbol.asyncIterator]() }
}

/** Where to listen, and what to expect of who connects. */
export interface ListenOptions extends CsvDecoderOptions {
  /** 0 lets the system choose: see `onListening`. */
  readonly port?: number
  /** Default: all addresses of the machine. */
  readonly host?: string
  /** A Unix socket, instead of a port. */
  readonly path?: string
  /** What connections send. CSV starts with its header on each of them. Default `'ndjson'`. */
  readonly format?: 'ndjson' | 'csv'
  /** Connections at once; further ones are closed. Default 64. */
  readonly maxConnections?: number
  /** The name in errors and metrics. Default `'socket'`. */
  readonly name?: string
  /** Called once connections are taken. */
  readonly onListening?: (address: AddressInfo | string) => void
}

/**
 * What others send over TCP or a Unix socket, as a source: any number of connections, each a stream of lines. It runs
 * until the job stops. A connection that breaks is a rejected input, by policy `errors.source`; the others go on.
 *
 * @param schema default: the schema of the pipeline it feeds.
 * @throws EventfluxError `OPTION_INVALID`
 * @example
 * const source = listenOn({ port: 9000 }, schema({ time: timestamp(), user: utf8() }))
 */
export function listenOn(options: ListenOptions, schema?: Schema): Source<never> {
  expectArgument('listenOn', options, isObject, '{ port } or { path }')
  const { name = 'socket', format = 'ndjson', maxConnections = 64 } = options
  if ((options.port === undefined) === (options.path === undefined))
    throw optionInvalid('listenOn needs a port or a path', { at: name })
  if (!(Number.isSafeInteger(maxConnections) && maxConnections >= 1)) {
    throw optionInvalid(`maxConnections is ${show(maxConnections)} and must be an integer of at least 1`, {
      value: maxConnections,
      at: name,
    })
  }
  const {
    port: _port,
    host: _host,
    path: _path,
    format: _format,
    maxConnections: _most,
    onListening: _told,
    ...decoding
  } = options
  const linesOf = (input: ByteInput, of: Schema | undefined): Source<never> =>
    format === 'csv' ? csvSource(input, of, { ...decoding, name }) : ndjsonSource(input, of, { ...decoding, name })
  // Wrong options shall be told where they are written, not at the first connection.
  linesOf('', schema)
  return toSource<never>({
    metadata: { name, kind: 'socket', ...(schema ? { schema } : {}), replayable: false, bounded: false },
    run: intake => serve({ ...options, name, maxConnections }, intake, input => linesOf(input, schema)),
  })
}

function serve(
  options: ListenOptions & { readonly name: string; readonly maxConnections: number },
  intake: SourceIntake<never>,
  linesOf: (input: ByteInput) => Source<never>,
): Promise<void> {
  const sockets = new Set<Socket>()
  const turnstile = new IntakeTurnstile<never>(intake)
  const server = createServer(socket => {
    sockets.add(socket)
    Promise.resolve(linesOf(untilDestroyed(socket)).run(turnstile))
      .catch(cause => {
        if (!intake.signal.aborted)
          intake.reject(sourceFailed(`a connection broke: ${messageOf(cause)}`, { at: options.name, cause }))
      })
      .catch(fail)
      .finally(() => {
        socket.destroy()
        sockets.delete(socket)
      })
  })
  server.maxConnections = options.maxConnections
  let fail!: (error: unknown) => void
  return new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      for (const socket of sockets) socket.destroy()
      server.close(() => resolve())
    }
    fail = error => {
      reject(error)
      stop()
    }
    if (intake.signal.aborted) return resolve()
    intake.signal.addEventListener('abort', stop, { once: true })
    server.on('error', fail)
    server.listen({ port: options.port, host: options.host, path: options.path }, () =>
      options.onListening?.(server.address()!),
    )
  })
}
