import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import type { Terminal } from '../../../client/cli/terminal.ts'

const folders: string[] = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true })
})

function ownFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
  folders.push(folder)
  return folder
}

/** Keeps what is written to it. Each pause of a command ends when the test calls `wake`. */
export class RecordedTerminal implements Terminal {
  readonly home = ownFolder()
  readonly env: Record<string, string> = { SALLYPORT_DATA: join(this.home, 'data') }
  input = ''
  interactive = false
  stdout = ''
  stderr = ''
  readonly interruption = new AbortController()
  readonly interrupted = this.interruption.signal
  /** Milliseconds that the clock of this machine is ahead. */
  ahead = 0
  /** What `launch` was asked to run, and what becomes of it. */
  readonly launched: (readonly string[])[] = []
  command: (variables: Readonly<Record<string, string>>) => Promise<number> = async () => 0
  #asleep = Promise.withResolvers<() => void>()

  get stdin(): AsyncIterable<Uint8Array> {
    return ReadableStream.from([new TextEncoder().encode(this.input)])
  }

  async write(data: string | Uint8Array): Promise<void> {
    this.stdout += typeof data === 'string' ? data : new TextDecoder().decode(data)
  }

  readonly say = (text: string): void => {
    this.stderr += text
  }

  now(): number {
    return Date.now() + this.ahead
  }

  launch(command: readonly string[], variables: Readonly<Record<string, string>>): Promise<number> {
    this.launched.push(command)
    return this.command(variables)
  }

  /** What was to be shown by a browser; `browser` is the person in front of it. */
  readonly browsed: (readonly string[])[] = []
  browser: (command: readonly string[]) => Promise<string | undefined> = async () => undefined

  browse(command: readonly string[]): Promise<string | undefined> {
    this.browsed.push(command)
    return this.browser(command)
  }

  sleep(_ms?: number): Promise<void> {
    return new Promise(resolve => this.#asleep.resolve(resolve))
  }

  /** Waits until a command sleeps; the function that it resolves with wakes it. */
  async asleep(): Promise<() => void> {
    const wake = await this.#asleep.promise
    this.#asleep = Promise.withResolvers()
    return wake
  }

  async file(name: string, content: unknown, mode = 0o600): Promise<string> {
    const path = join(this.home, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content), { mode })
    return path
  }
}
