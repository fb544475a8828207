import type { EventfluxError } from 'eventflux'
import type { RunCommand } from './arguments.ts'

/** What may stand between fields instead of a comma, as it is typed. */
const DELIMITERS: Readonly<Record<string, string>> = { ';': "';'", '|': "'|'", '\t': "'\\t'" }

/** What to type instead, where a failure of the input tells; empty otherwise. */
export function hintOf(error: unknown, { timestamps, delimiter }: RunCommand): string {
  const { code, message, value } = error as EventfluxError
  if (code !== 'DECODE_FAILED') return ''
  if (message.includes(', the header, ')) {
    const [only] = Array.isArray(value) && value.length === 1 ? (value as string[]) : []
    const found = delimiter === undefined ? Object.keys(DELIMITERS).find(mark => only?.includes(mark)) : undefined
    return found === undefined ? '' : ` (--delimiter ${DELIMITERS[found]} may be what is missing)`
  }
  if (timestamps === 'ms' && /holds "\d{4}-\d\d.* no timestamp$/.test(message))
    return ' (--timestamps iso reads ISO 8601)'
  return ' (--on-error skip goes on with the next line)'
}
