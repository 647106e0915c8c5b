/** What an operator's scripts ask CloudFormation about deployed stacks, with the caller's own credentials. */
import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation'

export interface DeployedStack {
  /** Its ARN, by which it is found when it is gone. */
  readonly id: string
  readonly name: string
  /** Where it stands, if not where the caller is. */
  readonly region?: string
  readonly outputs: Readonly<Record<string, string>>
}

const clientFor = (region: string | undefined): CloudFormationClient =>
  new CloudFormationClient(region === undefined ? {} : { region })

/** `undefined` where there is no such stack. Throws where that cannot be known. */
export async function findStack(name: string, region?: string): Promise<DeployedStack | undefined> {
  try {
    const { Stacks } = await clientFor(region).send(new DescribeStacksCommand({ StackName: name }))
    const [stack] = Stacks ?? []
    if (stack?.StackId === undefined) return undefined
    const outputs = Object.fromEntries(
      (stack.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
    )
    return { id: stack.StackId, name, outputs, ...(region !== undefined && { region }) }
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause
    // CloudFormation has no error of its own for it.
    if (cause.name === 'ValidationError' && cause.message.includes('does not exist')) return undefined
    const next = cause.message.includes('Region is missing') ? ' Set AWS_REGION.' : ''
    throw new Error(`The stack ${name} could not be read: ${cause.message}.${next}`, { cause })
  }
}

export interface Retained {
  /** `AWS::DynamoDB::Table` */
  readonly type: string
  /** Its name or id in the account. */
  readonly id: string
}

/** What the end of the stack leaves, because its template says so. */
export async function readRetained({ id, region }: DeployedStack): Promise<readonly Retained[]> {
  const client = clientFor(region)
  const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName: id }))
  const template = JSON.parse(TemplateBody) as { Resources: Record<string, { DeletionPolicy?: string }> }
  const retained: Retained[] = []
  // By pages: a whole deployment has more resources than one answer holds.
  for await (const { StackResourceSummaries = [] } of paginateListStackResources(
    { client },
    { StackName: id },
  ))
    for (const { LogicalResourceId = '', PhysicalResourceId, ResourceType } of StackResourceSummaries)
      if (template.Resources[LogicalResourceId]?.DeletionPolicy?.startsWith('Retain') && PhysicalResourceId)
        retained.push({ type: ResourceType ?? '', id: PhysicalResourceId })
  return retained
}

/** Resolves when it is gone. Throws with what CloudFormation says where something of it could not be deleted. */
export async function deleteStack({ id, name, region }: DeployedStack): Promise<void> {
  const client = clientFor(region)
  await client.send(new DeleteStackCommand({ StackName: id }))
  await waitUntilStackDeleteComplete(
    { client, minDelay: 1, maxDelay: 10, maxWaitTime: 3_600 },
    { StackName: id },
  ).catch(async (cause: unknown) => {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: id }))
    const why = Stacks?.[0]?.StackStatusReason ?? Stacks?.[0]?.StackStatus ?? 'it is not gone after an hour'
    throw new Error(`${name} could not be deleted: ${why}`, { cause })
  })
}
