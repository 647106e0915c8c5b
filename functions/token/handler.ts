import { createKmsSigners } from '../../shared/adapters/aws/kms-signer.ts'
import { createProviderFetch } from '../../shared/adapters/provider-fetch.ts'
import { environment, world } from '../aws.ts'
import { kms, openResource } from '../aws-resource.ts'
import { buffered } from '../lambda.ts'
import { createToken, refusedByToken } from './app.ts'

export const handler = buffered({
  telemetry: world.telemetry,
  refused: (refusal, event) => refusedByToken(world, refusal, event),
  open: async () =>
    createToken({
      ...(await openResource()),
      signers: createKmsSigners(kms, world),
      providerFetch: createProviderFetch(environment.issuer),
    }),
})
