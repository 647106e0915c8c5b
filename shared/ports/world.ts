/** Time. Milliseconds since the epoch, UTC. */
export interface Clock {
  now(): number
  /** Resolves after `ms`, or early and without an error when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export interface Random {
  bytes(n: number): Uint8Array
}

/** Structured log lines and metrics. Never a secret, a token, a proof or a prompt. */
export interface Telemetry {
  count(metric: string, labels?: Readonly<Record<string, string>>): void
  /** What a person must look at. */
  alarm(name: string, fields: Readonly<Record<string, string | number>>): void
  error(message: string, error: unknown, fields?: Readonly<Record<string, string | number>>): void
}
