import { generateKeyPairSync } from 'node:crypto'
import { dirname } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import { replaceFile } from '../../shared/adapters/embedded/durable-file.ts'
import { openPrivateFile } from '../../shared/adapters/embedded/private-file.ts'
import type { Protocol } from '../../shared/domain/records.ts'
import { type DemoPerson, people } from './people.ts'
import { modelId, partners } from './story.ts'

export interface PrivateEcJwk {
  readonly kty: 'EC'
  readonly crv: string
  readonly x: string
  readonly y: string
  readonly d: string
}

export interface DemoPartner {
  readonly id: string
  /** Of its workload; empty until that is enrolled. */
  readonly client_id: string
  readonly kid: string
  readonly key: PrivateEcJwk
  readonly model: string
  readonly upstream_protocols: readonly Protocol[]
  readonly grant: string
  readonly agreement: string
}

/** `demo/credentials.json`: what the demo's partners would hold themselves. */
export interface DemoCredentials {
  readonly issuer: string
  readonly partners: readonly DemoPartner[]
  /** Who can be chosen at the demo's provider: nobody there has a password. */
  readonly people: readonly DemoPerson[]
}

/**
 * Made at the first start, mode 0600; found again at every other. The issuer follows the environment, the people this
 * version of the demo.
 */
export async function openCredentials(path: string, issuer: string): Promise<DemoCredentials> {
  const made: DemoCredentials = {
    issuer,
    partners: await Promise.all(
      partners.map(async ({ id }) => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
        const key = privateKey.export({ format: 'jwk' }) as PrivateEcJwk
        return {
          id,
          client_id: '',
          kid: await calculateJwkThumbprint(key),
          key,
          model: modelId,
          upstream_protocols: ['openai', 'anthropic'] as const,
          grant: '',
          agreement: '',
        }
      }),
    ),
    people,
  }
  const bytes = await openPrivateFile(path, () => Buffer.from(`${JSON.stringify(made, null, 2)}\n`))
  const found = JSON.parse(bytes.toString('utf8')) as DemoCredentials
  if (found.issuer === issuer && JSON.stringify(found.people) === JSON.stringify(people)) return found
  const moved = { ...found, issuer, people }
  await keepCredentials(path, moved)
  return moved
}

/** Whole at once: whoever reads it finds the file before or the file after. */
export const keepCredentials = (path: string, credentials: DemoCredentials): Promise<void> =>
  replaceFile(path, Buffer.from(`${JSON.stringify(credentials, null, 2)}\n`), {
    incoming: dirname(path),
    mode: 0o600,
  })
