import { eventInvalid, show } from '../errors.ts'

/**
 * What a push of many goes by is how many there are: what isn't an array (a set, an iterable, one event) has no such number.
 *
 * @param method What takes the events, as its user calls it.
 * @throws EventfluxError `EVENT_INVALID`
 */
export function checkEventArray(method: string, events: unknown): void {
  if (Array.isArray(events) || (ArrayBuffer.isView(events) && 'length' in events)) return
  throw eventInvalid(`${method} takes an array of events, not ${show(events)}; for anything that iterates, spread it`, {
    value: events,
  })
}
