import { createInterface } from 'node:readline/promises'

/** What a person types. Throws where nobody can: `instead` says what such a caller gives. */
export async function ask(question: string, instead: string): Promise<string> {
  if (!process.stdin.isTTY) throw new Error(`There is no terminal to ask on: ${instead}`)
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await terminal.question(question)).trim()
  } finally {
    terminal.close()
  }
}
