import { exit, type Failure, failureOf } from './failure.ts'

export interface Check {
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped'
  /** One sentence or less, without a secret. */
  readonly detail: string
  /** What can be done now; `null` where nothing has to be. */
  readonly next: string | null
}

/** With `next` it works, and yet something is to be seen to. */
export interface Finding<Found = never> {
  readonly detail: string
  readonly next?: string
  /** Of use to the checks behind it. */
  readonly found?: Found
}

export interface Checkup {
  readonly checks: readonly Check[]
  /**
   * `needed` has what earlier checks found, by their names. Resolves with what this one found, or with
   * nothing where it failed, or was skipped for want of something. Throws a `Failure` of usage, which is no finding.
   */
  check<Needed extends object, Found>(
    name: string,
    needed: { readonly [Name in keyof Needed]: Needed[Name] | undefined },
    look: (needed: Needed) => Promise<Finding<Found>> | Finding<Found>,
  ): Promise<Found | undefined>
}

/** Checks one after another, each on what those before it found. */
export function createCheckup(): Checkup {
  const checks: Check[] = []
  return {
    checks,
    async check(name, needed, look) {
      const missing = Object.entries(needed).flatMap(([name, found]) => (found === undefined ? [name] : []))
      if (missing.length > 0) {
        checks.push({ name, status: 'skipped', detail: `needs: ${missing.join(', ')}`, next: null })
        return undefined
      }
      try {
        const { found, detail, next } = await look(needed as Parameters<typeof look>[0])
        checks.push({ name, status: next === undefined ? 'ok' : 'warning', detail, next: next ?? null })
        return found
      } catch (error) {
        const failure = failureOf(error)
        if (failure.exit === exit.usage) throw failure
        checks.push({ name, status: 'failed', ...told(failure) })
        return undefined
      }
    },
  }
}

function told({ message, further: { code, next } }: Failure): Pick<Check, 'detail' | 'next'> {
  return { detail: code === undefined ? message : `${code}: ${message}`, next: next ?? null }
}
