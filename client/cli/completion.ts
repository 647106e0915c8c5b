/** `sallyport completion`: what a shell offers behind what is typed, made from the commands themselves. */
import { Argument, type Command } from 'commander'
import type { Cli } from './cli.ts'

/** What can stand behind these words: `partner`, or `partner suspend`. */
interface Place {
  readonly words: readonly string[]
  readonly next: readonly { readonly word: string; readonly what: string }[]
}

const shells = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof shells)[number]

export function addCompletion(program: Command, cli: Cli): void {
  program
    .command('completion')
    .description('a script by which your shell completes these commands')
    .addArgument(new Argument('<shell>', 'which one').choices(shells))
    .addHelpText(
      'after',
      `
For this shell:
  bash   source <(sallyport completion bash)
  zsh    source <(sallyport completion zsh)
  fish   sallyport completion fish | source`,
    )
    .action((shell: Shell) => cli.terminal.write(scripts[shell](placesOf(program))))
}

function placesOf(command: Command, words: readonly string[] = []): readonly Place[] {
  const commands = command.commands.map(one => ({ word: one.name(), what: one.description() }))
  const options = command.options
    .filter(option => !option.hidden)
    .flatMap(option => (option.long ? [{ word: option.long, what: option.description }] : []))
  return [
    { words, next: [...commands, ...options] },
    ...command.commands.flatMap(one => placesOf(one, [...words, one.name()])),
  ]
}

/** The words before the one that is typed, without options, say the place; an id behind a verb does not change it. */
const bash = (places: readonly Place[]): string => `# sallyport completion for bash
_sallyport() {
  local word current=\${COMP_WORDS[COMP_CWORD]} place=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    case "$place $word" in
${places.map(({ words }) => (words.length > 0 ? `      ' ${words.join(' ')}') place=' ${words.join(' ')}' ;;\n` : '')).join('')}    esac
  done
  local next=''
  case "$place" in
${places.map(({ words, next }) => `    '${words.map(word => ` ${word}`).join('')}') next='${next.map(({ word }) => word).join(' ')}' ;;\n`).join('')}  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
}
complete -o default -F _sallyport sallyport
`

const zsh = (places: readonly Place[]): string => `#compdef sallyport
# sallyport completion for zsh
_sallyport() {
  local word place=''
  local -a next
  for word in "\${(@)words[2,CURRENT-1]}"; do
    [[ "$word" == -* ]] && continue
    case "$place $word" in
${places.map(({ words }) => (words.length > 0 ? `      ' ${words.join(' ')}') place=' ${words.join(' ')}' ;;\n` : '')).join('')}    esac
  done
  case "$place" in
${places.map(({ words, next }) => `    '${words.map(word => ` ${word}`).join('')}') next=(${next.map(one => single(`${one.word}:${one.what}`)).join(' ')}) ;;\n`).join('')}  esac
  _describe 'sallyport' next
}
compdef _sallyport sallyport
`

const fish = (places: readonly Place[]): string =>
  `# sallyport completion for fish\ncomplete -c sallyport -f\n${places
    .flatMap(({ words, next }) => next.map(one => fishLine(words, one)))
    .join('')}`

function fishLine(words: readonly string[], { word, what }: Place['next'][number]): string {
  const [noun, verb] = words
  const when =
    noun === undefined
      ? '__fish_use_subcommand'
      : verb === undefined
        ? `__fish_seen_subcommand_from ${noun}; and test (count (commandline -opc)) -eq 2`
        : `__fish_seen_subcommand_from ${noun}; and __fish_seen_subcommand_from ${verb}`
  const offered = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`
  return `complete -c sallyport -n ${fishQuoted(when)} ${offered} -d ${fishQuoted(what)}\n`
}

const single = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
const fishQuoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`

const scripts: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish }
