import { EventfluxError } from '../errors.ts'
import { checkOptions } from '../options.ts'
import { FORM, type StoredSection } from './checkpoint-format.ts'
import { isGzip } from './gzip.ts'
import { readCheckpoint } from './read-checkpoint.ts'
import { StateReader } from './state-reader.ts'

/** What stands in a checkpoint. `String(…)` makes a text of it. */
export interface CheckpointReport {
  readonly id: number
  /** The checkpoint it holds changes to; 0: it is whole. */
  readonly base: number
  /** When it was taken, in milliseconds since the epoch. */
  readonly createdMs: number
  readonly version: { readonly major: number; readonly minor: number }
  /** What it is of, by name: the fingerprints of plan and schema, the engine. */
  readonly labels: Readonly<Record<string, string>>
  readonly isCompressed: boolean
  readonly sections: readonly SectionReport[]
  toString(): string
}

/** One section of a checkpoint. */
export interface SectionReport {
  readonly name: string
  /** Bytes it takes here, before any compression. */
  readonly storedBytes: number
  /** Bytes it has once whole. */
  readonly bytes: number
  /** Whether it stands as changes to the checkpoint before. */
  readonly isChanges: boolean
  /** What its state is of: the fingerprint of a step, the kind of a source. Unknown of changes. */
  readonly shape: string | undefined
}

/**
 * Looks into a checkpoint, after every check it can be given by itself.
 *
 * @throws EventfluxError `CHECKPOINT_INVALID`
 *
 * @example
 * ```ts
 * const { bytes } = await job.checkpoint()
 * const report = await inspectCheckpoint(bytes)
 * console.log(`${report}`)
 * // checkpoint 1, whole, version 3.0, taken 2026-01-01T00:00:00.000Z, 412 bytes
 * ```
 */
export async function inspectCheckpoint(
  bytes: Uint8Array,
  options: { readonly maxBytes?: number } = {},
): Promise<CheckpointReport> {
  checkOptions('inspectCheckpoint', options, { maxBytes: true })
  const { version, meta, sections } = await readCheckpoint(bytes, options.maxBytes)
  const report = {
    ...meta,
    version,
    isCompressed: isGzip(bytes),
    sections: sections.map(section => ({
      name: section.name,
      storedBytes: section.bytes.length,
      bytes: section.wholeBytes,
      isChanges: section.form === FORM.changes,
      shape: shapeOf(section),
    })),
  }
  return { ...report, toString: () => textOf(report, bytes.length) }
}

function textOf(report: Omit<CheckpointReport, 'toString'>, length: number): string {
  const { id, base, version, createdMs, labels, isCompressed, sections } = report
  const kind = base === 0 ? 'whole' : `changes to ${base}`
  const head = `checkpoint ${id}, ${kind}, version ${version.major}.${version.minor}, taken ${timeOf(createdMs)}, ${length} bytes${isCompressed ? ' compressed' : ''}`
  const width = Math.max(0, ...sections.map(({ name }) => name.length))
  return [
    head,
    ...Object.entries(labels).map(([name, text]) => `  ${name}: ${text}`),
    ...sections.map(({ name, bytes, storedBytes, isChanges, shape }) => {
      const size = isChanges ? `${storedBytes} bytes of changes to ${bytes}` : `${bytes} bytes`
      return `  ${name.padEnd(width)}  ${size}${shape ? `, of ${shape}` : ''}`
    }),
  ].join('\n')
}

function timeOf(ms: number): string {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? `${ms} ms` : date.toISOString()
}

/** Every state begins with what it is of; other bytes may stand in a section of somebody else's making. */
function shapeOf({ name, bytes, form }: StoredSection): string | undefined {
  if (form === FORM.changes) return undefined
  try {
    return new StateReader(bytes, name).text()
  } catch (error) {
    if (error instanceof EventfluxError) return undefined
    throw error
  }
}
