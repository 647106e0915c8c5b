import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile } from 'node:fs/promises'

/**
 * Runs a command whose output goes to a log file. Throws when it fails, with what it was for, its last lines and
 * where the others are.
 */
export async function runLogged(
  purpose: string,
  log: string,
  [file = '', ...args]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  await appendFile(log, `> ${file} ${args.join(' ')}\n`)
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
  const output: Buffer[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => output.push(chunk))
  const [status] = await once(child, 'close').catch((error: Error) => [error.message])
  const text = Buffer.concat(output).toString()
  await appendFile(log, text)
  if (status === 0) return
  const last = text.trimEnd().split('\n').slice(-15).join('\n')
  throw new Error(
    `${purpose} failed (${file}: ${status ?? 'killed'}). Its log is ${log} and ends so:\n${last}`,
  )
}
