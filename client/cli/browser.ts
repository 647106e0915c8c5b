import { spawn } from 'node:child_process'
import type { Terminal } from './terminal.ts'

/**
 * The command that shows a URL to the person. `SALLYPORT_BROWSER` names one in place of the system's browser, words
 * with blanks between; the URL becomes its last argument. No shell reads any of it.
 */
export function browserCommand(
  { env }: Pick<Terminal, 'env'>,
  url: string,
  platform: NodeJS.Platform = process.platform,
): readonly string[] {
  const own = env.SALLYPORT_BROWSER?.trim()
  if (own) return [...own.split(/\s+/), url]
  if (platform === 'darwin') return ['open', url]
  // `start` is a word of cmd.exe, to which an `&` in a URL would be one too: this is what it calls.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler', url]
  return ['xdg-open', url]
}

/**
 * Starts it apart from this process. Resolves with what went wrong: it could not be started, or ended with another code
 * than 0. Else with `undefined`, as soon as it ends; a browser that stays open is not waited for by the process.
 */
export function startBrowser([file = '', ...args]: readonly string[]): Promise<string | undefined> {
  const child = spawn(file, args, { stdio: 'ignore', detached: true })
  child.unref()
  return new Promise(resolve => {
    child.once('error', ({ code }: NodeJS.ErrnoException) => resolve(`could not be started (${code})`))
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `ended with ${code ?? signal}`))
  })
}
