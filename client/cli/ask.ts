import type { Cli } from './cli.ts'

/** One line of a person at the terminal; `undefined` where nobody is there, or nobody is to be asked. */
export async function askLine({ terminal, options }: Cli, question: string): Promise<string | undefined> {
  if (!terminal.interactive || !options().input) return undefined
  terminal.say(question)
  let typed = ''
  const decoder = new TextDecoder()
  for await (const chunk of terminal.stdin) {
    typed += decoder.decode(chunk, { stream: true })
    if (typed.includes('\n')) break
  }
  return typed.split(/\r?\n/, 1)[0]?.trim() ?? ''
}
