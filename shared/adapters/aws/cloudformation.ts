/** What an operator's scripts ask CloudFormation about a deployed stack, with the caller's own credentials. */
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
} from '@aws-sdk/client-cloudformation'

/** The outputs by their ids. Throws where there is no such stack. */
export async function readStackOutputs(stack: string): Promise<Readonly<Record<string, string>>> {
  const client = new CloudFormationClient({})
  const found = await client.send(new DescribeStacksCommand({ StackName: stack })).catch((cause: Error) => {
    throw new Error(`The stack ${stack} could not be read: ${cause.message}`, { cause })
  })
  return Object.fromEntries(
    (found.Stacks?.[0]?.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [
      OutputKey,
      OutputValue,
    ]),
  )
}

export interface Retained {
  /** `AWS::DynamoDB::GlobalTable` */
  readonly type: string
  /** Its name or id in the account. */
  readonly id: string
}

/** What the end of the stack leaves, because its template says so. */
export async function readRetained(stack: string): Promise<readonly Retained[]> {
  const client = new CloudFormationClient({})
  const [{ TemplateBody = '{}' }, { StackResources = [] }] = await Promise.all([
    client.send(new GetTemplateCommand({ StackName: stack })),
    client.send(new DescribeStackResourcesCommand({ StackName: stack })),
  ])
  const template = JSON.parse(TemplateBody) as { Resources: Record<string, { DeletionPolicy?: string }> }
  return StackResources.flatMap(({ LogicalResourceId = '', PhysicalResourceId: id, ResourceType: type }) => {
    const kept = template.Resources[LogicalResourceId]?.DeletionPolicy?.startsWith('Retain')
    return kept && id && type ? [{ type, id }] : []
  })
}
