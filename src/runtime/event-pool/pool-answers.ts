import { optionInvalid, show } from '../../errors.ts'

/** What a pool answers where there is no right answer. */
interface PoolAnswers {
  readonly whenExhausted?: unknown
  readonly doubleRelease?: unknown
}

const KNOWN = { whenExhausted: ['refuse', 'throw'], doubleRelease: ['throw', 'count'] } as const

/** @throws EventfluxError `OPTION_INVALID` for an answer there isn't. One that is left out is right. */
export function checkAnswers(options: PoolAnswers): void {
  for (const option of ['whenExhausted', 'doubleRelease'] as const) {
    const value = options[option]
    if (value === undefined || KNOWN[option].some(each => each === value)) continue
    throw optionInvalid(`${option} is ${KNOWN[option].map(show).join(' or ')}, not ${show(value)}`, {
      value,
      at: option,
    })
  }
}
