import { optionInvalid, show } from './errors.ts'

/** The names of all options of a kind. Typed so that one that is added can't be forgotten here. */
export type OptionNames<T> = Readonly<Record<T extends unknown ? keyof T : never, true>>

/**
 * For options whose type is inferred: no others than those of `T`. (What TypeScript calls excess properties is looked for
 * only where a type is given.)
 */
export type NoOthers<O, T> = { readonly [K in Exclude<keyof O, keyof T>]: never }

/**
 * Refuses an option that isn't there: a misspelt one would do nothing, and nobody would know. `undefined` are no options.
 *
 * @param owner What takes the options, as its user calls it.
 * @throws EventfluxError `OPTION_INVALID`
 */
export function checkOptions<T>(owner: string, options: unknown, names: OptionNames<T>): void {
  if (options === undefined) return
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw optionInvalid(`The options of ${owner} are an object, not ${show(options)}`, { value: options, at: owner })
  for (const name of Object.keys(options))
    if (!Object.hasOwn(names, name))
      throw optionInvalid(`${owner} has no option ${show(name)}, only ${Object.keys(names).join(', ')}`, {
        value: name,
        at: name,
      })
}
