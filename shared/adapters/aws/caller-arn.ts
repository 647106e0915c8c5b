import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'

/** Milliseconds: an emergency does not wait for one connection. */
const requestHandler = { connectionTimeout: 2_000, requestTimeout: 5_000, throwOnRequestTimeout: true }

/**
 * Whom AWS knows the caller as: the ARN of a user, or of a role with the name of its session. It takes no right of the
 * caller's, and what it answers is not the caller's to choose. Throws where AWS cannot be asked.
 */
export async function callerArn(
  client: Pick<STSClient, 'send'> = new STSClient({ requestHandler }),
): Promise<string> {
  const answer = await client.send(new GetCallerIdentityCommand()).catch((cause: Error) => {
    throw new Error(`AWS STS does not say who runs this, and it is recorded: ${cause.message}`, { cause })
  })
  const { Arn = '' } = answer
  if (!/^arn:[\w-]+:(iam|sts)::\d{12}:\S+$/.test(Arn))
    throw new Error('AWS STS does not say who runs this, and it is recorded: there is no ARN in its answer.')
  return Arn
}
