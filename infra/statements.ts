import { Aws } from 'aws-cdk-lib'
import { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'

export const allow = (
  actions: readonly string[],
  resources: readonly string[],
  conditions: object = {},
): PolicyStatement =>
  new PolicyStatement({ actions: [...actions], resources: [...resources], conditions: { ...conditions } })

/** The key of the data at rest, in the hands of a service that acts for whoever has the right, never in their own. */
export const throughService = (key: IKey, service: string, actions: readonly string[]): PolicyStatement =>
  allow(actions, [key.keyArn], {
    StringEquals: { 'kms:ViaService': `${service}.${Aws.REGION}.${Aws.URL_SUFFIX}` },
  })

/** What DynamoDB does with a table's key on behalf of whoever reads or writes; grants are the table's maker's. */
export const tableKeyActions = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:GenerateDataKey',
]
