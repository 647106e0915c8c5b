/** What a run of the command line touches, so that tests can stand in for it. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly stdin: AsyncIterable<Uint8Array>
  /** Whether stdin is a person's terminal. */
  readonly interactive: boolean
  /** Whether stderr is a person's terminal, who is told how far it is. */
  readonly watched?: boolean
  /** To stdout: data and nothing else. Resolves when more may be written. */
  write(data: string | Uint8Array): Promise<void>
  /** To stderr: one text with its line ends. */
  say(text: string): void
  /** Milliseconds since 1970, by the clock of this machine. */
  now(): number
  /** Resolves after `ms`, or early when `interrupted` or `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /**
   * Starts a command apart from this one, for what it shows. Resolves with what went wrong with it, or with `undefined`
   * once it has ended well, which may be never.
   */
  browse(command: readonly string[]): Promise<string | undefined>
  /**
   * Runs a command in this terminal with `variables` added to the environment, and resolves with its exit
   * code. Signals are the command's from then on. Throws a `Failure` where it cannot be started.
   */
  launch(command: readonly string[], variables: Readonly<Record<string, string>>): Promise<number>
  /** Aborted by SIGINT and SIGTERM. */
  readonly interrupted: AbortSignal
}

/**
 * Texts of others on their way to a terminal: a control character could move the cursor, recolour or
 * rename what the reader sees, and a bidirectional one could reorder it.
 */
export const printable = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')

/** The same of JSON, and still the same value: it escapes the C0 controls by itself, and those only (RFC 8259 §7). */
export const escaped = (json: string): string =>
  json.replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
