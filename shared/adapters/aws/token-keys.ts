/** The token signing keys in KMS: the operator's script makes and retires them, the token service's role signs. */
import {
  CreateKeyCommand,
  type KMSClient,
  KMSInvalidStateException,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms'

/** The shortest that KMS has: a key that was taken for the wrong one can be had back meanwhile. Days. */
const daysUntilGone = 7

export interface TokenKeyOwner {
  readonly stack: string
  /** The one role that may sign with it. */
  readonly tokenRoleArn: string
}

/**
 * Makes an ECC_NIST_P256 key and returns its ARN. The key's own policy admits the signing role, so that no role needs
 * a right to keys that do not exist yet; everything else about the key is the account's to grant.
 */
export async function createTokenKey(
  client: KMSClient,
  { stack, tokenRoleArn }: TokenKeyOwner,
): Promise<string> {
  const [, partition, , , account] = tokenRoleArn.split(':')
  const { KeyMetadata } = await client.send(
    new CreateKeyCommand({
      KeySpec: 'ECC_NIST_P256',
      KeyUsage: 'SIGN_VERIFY',
      Description: `Signs access tokens of ${stack}`,
      Tags: [{ TagKey: 'sallyport:token-signing', TagValue: stack }],
      Policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'TheAccountGrantsEverythingElse',
            Effect: 'Allow',
            Principal: { AWS: `arn:${partition}:iam::${account}:root` },
            Action: 'kms:*',
            Resource: '*',
          },
          {
            Sid: 'TheTokenServiceSigns',
            Effect: 'Allow',
            Principal: { AWS: tokenRoleArn },
            Action: 'kms:Sign',
            Resource: '*',
          },
        ],
      }),
    }),
  )
  if (KeyMetadata?.Arn === undefined) throw new Error('KMS made a key without an ARN')
  return KeyMetadata.Arn
}

/** Takes a key out of use at once and out of existence in a week. One that is on its way already stays so. */
export async function retireTokenKey(client: KMSClient, keyId: string): Promise<void> {
  await client
    .send(new ScheduleKeyDeletionCommand({ KeyId: keyId, PendingWindowInDays: daysUntilGone }))
    .catch((error: unknown) => {
      if (!(error instanceof KMSInvalidStateException)) throw error
    })
}
