import { type SecretDomain, secretDomains } from '../../ports/keys.ts'
import { type Table, tables } from '../../ports/store.ts'

/** What the stack tells a function about its deployment: names and identifiers, never a secret. */
export interface Environment {
  readonly functionName: string
  readonly issuer: string
  /** A function knows only the tables, keys and secrets that its role admits it to. */
  readonly tables: Partial<Record<Table, string>>
  readonly macKeys: Partial<Record<SecretDomain, string>>
  /** The ARN of the key that others are wrapped with. */
  readonly wrappingKey: string | undefined
  readonly upstreamSecret: string | undefined
  /** The ARN of the key that statements are signed with. */
  readonly statementKey: string | undefined
  /** The name of the deployment's event bus. */
  readonly eventBus: string | undefined
  /** The name of the bucket of the log. */
  readonly bucket: string | undefined
  /** Whether versions in it are locked for as long as they are to be kept. */
  readonly locksObjects: boolean
  /** The ARN of the Ed25519 key that checkpoints are signed with; absent where it is derived. */
  readonly logKey: string | undefined
  /** How many readers an epoch of the log has at most. */
  readonly readerSlots: number
  /** Who cosigns checkpoints: `<url> <verifier key>`, with `;` or a line's end between two. */
  readonly witnesses: string
  /** For how long entries and the objects of the log are kept at least. */
  readonly retentionMs: number
  readonly leaseMs: number
}

export const tableVariable = (table: Table): string => `SALLYPORT_TABLE_${table.toUpperCase()}`
export const macKeyVariable = (domain: SecretDomain): string => `SALLYPORT_KEY_${domain.toUpperCase()}`

/** The stack made these values; one that is missing is a fault of the stack, and named. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): Environment {
  const needed = (name: string): string => {
    const value = env[name]
    if (!value) throw new Error(`${name} is missing in the function's environment`)
    return value
  }
  const given = <N extends string>(names: readonly N[], variable: (name: N) => string) =>
    Object.fromEntries(
      names.flatMap(name => {
        const value = env[variable(name)]
        return value ? [[name, value]] : []
      }),
    ) as Partial<Record<N, string>>
  return {
    functionName: needed('AWS_LAMBDA_FUNCTION_NAME'),
    issuer: needed('SALLYPORT_ISSUER'),
    tables: given(tables, tableVariable),
    macKeys: given(secretDomains, macKeyVariable),
    wrappingKey: env.SALLYPORT_WRAPPING_KEY,
    upstreamSecret: env.SALLYPORT_UPSTREAM_SECRET,
    statementKey: env.SALLYPORT_STATEMENT_KEY,
    eventBus: env.SALLYPORT_EVENT_BUS,
    bucket: env.SALLYPORT_BUCKET,
    locksObjects: env.SALLYPORT_OBJECT_LOCK === 'compliance',
    logKey: env.SALLYPORT_LOG_KEY,
    readerSlots: Number(env.SALLYPORT_READER_SLOTS ?? 64),
    witnesses: env.SALLYPORT_WITNESSES ?? '',
    retentionMs: Number(env.SALLYPORT_RETENTION_DAYS ?? 400) * 86_400_000,
    leaseMs: Number(env.SALLYPORT_LEASE_S ?? 30) * 1000,
  }
}
