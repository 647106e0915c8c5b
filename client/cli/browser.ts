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

/** Starts it apart from this process. Resolves with whether it could be started; what becomes of it is its own. */
export function startBrowser([file = '', ...args]: readonly string[]): Promise<boolean> {
  const child = spawn(file, args, { stdio: 'ignore', detached: true })
  child.unref()
  return new Promise(resolve => {
    child.once('spawn', () => resolve(true))
    child.once('error', () => resolve(false))
  })
}
