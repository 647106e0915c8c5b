import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { dirname } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import { replaceFile } from '../../shared/adapters/embedded/durable-file.ts'
import { openPrivateFile } from '../../shared/adapters/embedded/private-file.ts'
import { randomId } from '../../shared/domain/id.ts'
import type { Protocol } from '../../shared/domain/records.ts'
import { modelId, partners } from './story.ts'

interface PrivateEcJwk {
  readonly kty: 'EC'
  readonly crv: string
  readonly x: string
  readonly y: string
  readonly d: string
}

/** `demo/credentials.json`: what the demo's partners would hold themselves. */
export interface DemoCredentials {
  readonly issuer: string
  readonly partners: readonly {
    readonly id: string
    readonly client_id: string
    readonly kid: string
    readonly key: PrivateEcJwk
    readonly model: string
    readonly upstream_protocols: readonly Protocol[]
  }[]
  /** People sign in with a provider of their organisation's; the demo has none yet. */
  readonly people: readonly never[]
}

/** Made at the first start, mode 0600; found again at every other. The issuer follows the environment. */
export async function openCredentials(path: string, issuer: string): Promise<DemoCredentials> {
  const made: DemoCredentials = {
    issuer,
    partners: await Promise.all(
      partners.map(async ({ id }) => {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
        const key = privateKey.export({ format: 'jwk' }) as PrivateEcJwk
        return {
          id,
          client_id: randomId('client', randomBytes(16)),
          kid: await calculateJwkThumbprint(key),
          key,
          model: modelId,
          upstream_protocols: ['openai', 'anthropic'] as const,
        }
      }),
    ),
    people: [],
  }
  const bytes = await openPrivateFile(path, () => Buffer.from(`${JSON.stringify(made, null, 2)}\n`))
  const found = JSON.parse(bytes.toString('utf8')) as DemoCredentials
  if (found.issuer === issuer) return found
  const moved = { ...found, issuer }
  const folder = dirname(path)
  await replaceFile(path, Buffer.from(`${JSON.stringify(moved, null, 2)}\n`), {
    incoming: folder,
    mode: 0o600,
  })
  return moved
}
