/** Who runs an operator's command on a deployed stack: AWS says it, and where AWS does not, nothing is done. */
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { userInfo } from 'node:os'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ada = 'arn:aws:sts::123456789012:assumed-role/Sallyport-BreakGlassRole/ada'

const outputs = ['Registry', 'Meters', 'Spent', 'Entries'].map(
  name => `<member><OutputKey>Table${name}</OutputKey><OutputValue>Sallyport-${name}</OutputValue></member>`,
)
const stack = `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
  <DescribeStacksResult><Stacks><member><StackId>id</StackId><StackName>Sallyport</StackName>
  <CreationTime>2026-11-30T09:15:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus>
  <Outputs>${outputs.join('')}<member><OutputKey>Issuer</OutputKey><OutputValue>https://x</OutputValue></member>
  </Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
const identity = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <GetCallerIdentityResult><Arn>${ada}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>`
const expired = `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>ExpiredToken</Code><Message>The token is expired</Message></Error></ErrorResponse>`

interface Batch {
  readonly RequestItems: Readonly<
    Record<string, { readonly Keys: readonly { readonly pk: { S: string } }[] }>
  >
}

/** What the tables of a deployment with one organisation answer. */
function tableAnswer(action: string, body: string): object {
  if (!action.endsWith('BatchGetItem')) return {}
  const there: Readonly<Record<string, object>> = {
    standing: { holds: { M: {} }, compromised: { M: {} } },
    'organisation#cedar': {
      id: { S: 'cedar' },
      name: { S: 'Cedar' },
      kind: { S: 'partner' },
      state: { S: 'active' },
      partner: { S: 'active' },
      rev: { N: '1' },
    },
  }
  const { RequestItems } = JSON.parse(body) as Batch
  const found = Object.entries(RequestItems).map(([table, { Keys }]) => [
    table,
    Keys.flatMap(key => (there[key.pk.S] ? [{ ...key, ...there[key.pk.S] }] : [])),
  ])
  return { Responses: Object.fromEntries(found), UnprocessedKeys: {} }
}

/** As much of AWS as a command asks. `sts`: whether it says who asks. */
async function runOnStack(sts: boolean, script: string, ...args: readonly string[]) {
  const asked: { readonly action: string; readonly body: string }[] = []
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const action =
      new URLSearchParams(body).get('Action') ?? String(request.headers['x-amz-target'] ?? request.url)
    asked.push({ action, body })
    if (action === 'DescribeStacks') return response.end(stack)
    if (action === 'GetCallerIdentity')
      return response.writeHead(sts ? 200 : 403).end(sts ? identity : expired)
    response.setHeader('content-type', 'application/x-amz-json-1.0')
    return response.end(JSON.stringify(tableAnswer(action, body)))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const env = {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'never-shown',
    }
    const command = [`scripts/${script}.ts`, '--stack', 'Sallyport', ...args]
    const run = promisify(execFile)(process.execPath, command, { env })
    const done = (await run.catch((error: object) => error)) as {
      readonly code?: number
      readonly stdout: string
      readonly stderr: string
    }
    return { code: done.code ?? 0, out: done.stdout, err: done.stderr, asked }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

const hold = ['--scope=organisation=cedar', '--reason=other', '--text=x', '--reference=y']

test.each([
  ['break-glass', ...hold, '--yes'],
  ['break-glass', ...hold, '--dry-run'],
  ['replay-decisions', '--suspend'],
  ['restore-log', '--dry-run'],
])('%s %s: without STS nothing is done, and no table is asked', async (script, ...args) => {
  const { code, err, asked } = await runOnStack(false, script, ...args)
  expect([code, err]).toEqual([1, expect.stringContaining('AWS STS does not say who runs this')])
  expect(err).toContain('The token is expired')
  expect(err).not.toContain('never-shown')
  expect([...new Set(asked.map(({ action }) => action))]).toEqual(['DescribeStacks', 'GetCallerIdentity'])
})

test('an emergency hold of a stack is by the ARN of whoever ran the command, and not by their local name', async () => {
  const { code, out, asked } = await runOnStack(true, 'break-glass', ...hold, '--yes')
  expect([code, out]).toEqual([0, expect.stringContaining(`Recorded as done by ${ada}.`)])
  const writes = asked.filter(({ action }) => action === 'DynamoDB_20120810.TransactWriteItems')
  const [placed] = (JSON.parse(writes[0]?.body ?? '{}').TransactItems as readonly Written[]).flatMap(
    ({ Put }) => (Put?.Item.pk?.S?.startsWith('hold#') ? [Put.Item] : []),
  )
  expect(placed?.placedBy?.M).toMatchObject({ person: { S: `operator:${ada}` }, name: { S: ada } })
  for (const { body } of writes) expect(body).not.toContain(`operator:${userInfo().username}"`)
})

interface Written {
  readonly Put?: {
    readonly TableName: string
    readonly Item: Readonly<Record<string, { readonly S?: string; readonly M?: object }>>
  }
  readonly Update?: { readonly TableName: string }
}

test('what is begun on a restored table is begun there, before the stack serves it', async () => {
  const table = 'Sallyport-registry-20261130'
  const begun = await runOnStack(true, 'replay-decisions', '--suspend', '--registry-table', table)
  expect([begun.code, begun.out]).toEqual([0, 'No workload is admitted from now on.\n'])
  const [write, ...others] = begun.asked.filter(({ action }) => action.endsWith('TransactWriteItems'))
  expect(others).toEqual([])
  const written = (JSON.parse(write?.body ?? '{}').TransactItems as readonly Written[]).map(
    ({ Put, Update }) => (Put ?? Update)?.TableName,
  )
  expect(new Set(written)).toEqual(new Set([table, 'Sallyport-Entries']))
  expect(write?.body).toContain(`"by":{"S":"${ada}"}`)
})
