import { callerArn } from '../../shared/adapters/aws/caller-arn.ts'
import { createDynamoClient, createKmsClient } from '../../shared/adapters/aws/clients.ts'
import { findStack } from '../../shared/adapters/aws/cloudformation.ts'
import { createDynamoStore } from '../../shared/adapters/aws/dynamo-store.ts'
import { createKmsSigners, openKmsSigner } from '../../shared/adapters/aws/kms-signer.ts'
import { createTokenKey, retireTokenKey } from '../../shared/adapters/aws/token-keys.ts'
import { systemClock, systemRandom } from '../../shared/adapters/world.ts'
import { longTexts } from '../../shared/domain/keys.ts'
import type { SigningKey } from '../../shared/domain/records.ts'
import type { Signer } from '../../shared/ports/keys.ts'
import { type Table, tables } from '../../shared/ports/store.ts'
import type { Deployment } from '../deployment.ts'

export interface OpenStack extends Deployment {
  readonly issuer: string
  readonly outputs: Readonly<Record<string, string>>
  /** Throws where the stack has none of that name. */
  output(name: string): string
  signer(key: SigningKey): Promise<Signer>
}

/** The tables' names in AWS, as the outputs tell them. */
export const tablesIn = (outputs: Readonly<Record<string, string>>): Partial<Record<Table, string>> =>
  Object.fromEntries(
    tables.map(table => [table, outputs[`Table${(table[0] ?? '').toUpperCase()}${table.slice(1)}`]]),
  )

/** A deployed stack, by its outputs and with the operator's own credentials. Throws where there is none. */
export async function openStack(
  stack: string,
  restored: Partial<Record<Table, string>> = {},
): Promise<OpenStack> {
  const found = await findStack(stack)
  if (found === undefined) throw new Error(`There is no stack ${stack} in this account and region.`)
  const { outputs } = found
  const output = (name: string): string => {
    const value = outputs[name]
    if (value === undefined) throw new Error(`The stack ${stack} has no output ${name}: is it a Sallyport?`)
    return value
  }
  const dynamo = createDynamoClient()
  const kms = createKmsClient()
  const pace = { clock: systemClock, random: systemRandom }
  const store = createDynamoStore({
    client: dynamo,
    tables: { ...tablesIn(outputs), ...restored },
    ...pace,
    packed: longTexts,
  })
  return {
    issuer: output('Issuer'),
    outputs,
    output,
    store,
    operator: callerArn,
    signer: createKmsSigners(kms, pace),
    async createKey() {
      const ref = await createTokenKey(kms, { stack, tokenRoleArn: output('TokenRoleArn') })
      const signer = await openKmsSigner(kms, ref, pace).catch(async (error: unknown) => {
        await retireTokenKey(kms, ref)
        throw error
      })
      return { kid: signer.kid, alg: signer.alg, jwk: signer.publicJwk, ref }
    },
    retireKey: ref => retireTokenKey(kms, ref),
    close() {
      dynamo.destroy()
      kms.destroy()
    },
  }
}
