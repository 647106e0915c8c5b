/** A command as it was given, to be given again: nothing that was said by it is lost, or means something else. */
import type { Command } from 'commander'
import { printable } from './terminal.ts'

/** As a shell takes it for one word. */
export const shellWord = (text: string): string =>
  /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/**
 * With its arguments and all options that were given, those before it too. `without`: options that are left out; `by`:
 * those that come in their place. What stands on one line only, and is for everybody to read.
 */
export function repeated(
  command: Command,
  { without = [], by = [] }: { readonly without?: readonly string[]; readonly by?: readonly string[] } = {},
): string {
  const names: string[] = []
  const options: string[] = []
  for (let one: Command | null = command; one; one = one.parent) {
    names.unshift(one.name())
    options.unshift(
      ...given(one)
        .filter(([flag]) => !without.includes(flag))
        .map(([, text]) => text),
    )
  }
  return [...names, ...command.args.map(shellWord), ...options, ...by].join(' ')
}

/** The flags of a command's own, each with what it is given by. */
function given(command: Command): readonly (readonly [flag: string, text: string])[] {
  const values: Readonly<Record<string, unknown>> = command.opts()
  return command.options.flatMap(option => {
    const [name, flag] = [option.attributeName(), option.long ?? option.flags]
    if (command.getOptionValueSource(name) !== 'cli') return []
    const value = values[name]
    if (typeof value === 'boolean') return [[flag, flag] as const]
    const words = (Array.isArray(value) ? value : [value]).map(String)
    // Sealed words are for few, and what has several lines is no command any more: both come by stdin.
    const hidden = name === 'text' && (values.sealed === true || words.some(one => printable(one) !== one))
    return [[flag, [flag, ...(hidden ? ['-'] : words.map(shellWord))].join(' ')] as const]
  })
}
