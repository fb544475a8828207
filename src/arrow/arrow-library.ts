import { optionInvalid } from '../errors.ts'

export type ArrowLibrary = typeof import('apache-arrow')

/** Loads the peer when it is first needed. @throws EventfluxError `OPTION_INVALID` when it isn't installed. */
export async function loadArrow(): Promise<ArrowLibrary> {
  try {
    return await import('apache-arrow')
  } catch (cause) {
    throw optionInvalid(
      'this needs the package apache-arrow (npm install apache-arrow), or a table of @uwdata/flechette in its place',
      { cause },
    )
  }
}
