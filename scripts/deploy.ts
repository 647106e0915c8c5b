/**
 * `npm run deploy [-- --name <stack>] [-c <parameter>=<value>]… [--yes]`: shows what would change in the account, asks,
 * deploys, and makes what a new deployment needs to serve. The account must be bootstrapped for the CDK.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readStackOutputs } from '../shared/adapters/aws/cloudformation.ts'
import { systemClock } from '../shared/adapters/world.ts'
import { ask } from './ask.ts'
import { cdk, contextOf } from './aws/cdk.ts'
import { openStack } from './aws/stack.ts'
import { bundle } from './bundle.ts'
import { ensureRing } from './key-ring.ts'

async function deploy(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: { type: 'string', default: 'Sallyport' },
      context: { type: 'string', short: 'c', multiple: true, default: [] },
      yes: { type: 'boolean', default: false },
    },
  })
  const stack = values.name
  const app = { context: { ...contextOf(values.context), name: stack } }
  await refuseForgotten(stack, app.context)
  await bundle()
  await cdk(app, 'diff', '--all')
  if (!values.yes) {
    const answer = await ask(`Deploy this as ${stack}? [y/N] `, 'give --yes to deploy without a question.')
    if (!/^y(es)?$/i.test(answer)) return console.log('Nothing was deployed.')
  }
  // The difference was shown and agreed to just now.
  await cdk(app, 'deploy', '--all', '--require-approval', 'never')

  const deployment = await openStack(stack)
  try {
    await ensureRing({ ...deployment, clock: systemClock })
    await report(deployment.issuer, deployment.outputs.SecretArn ?? '')
  } finally {
    deployment.close()
  }
}

/** A stack that uses a restored table would otherwise get a new, empty one in its place. */
async function refuseForgotten(stack: string, given: Readonly<Record<string, string>>): Promise<void> {
  const outputs = await readStackOutputs(stack).catch(() => ({ RestoredTables: 'none' }))
  const { context = {} } = JSON.parse(readFileSync('cdk.json', 'utf8')) as {
    context?: Record<string, unknown>
  }
  const forgotten = (outputs.RestoredTables ?? 'none')
    .split(' ')
    .filter(one => one !== 'none' && !((one.split('=')[0] ?? '') in { ...context, ...given }))
  if (forgotten.length > 0)
    throw new Error(
      `${stack} uses restored tables: give -c ${forgotten.join(' -c ')}, or put it into context of cdk.json.`,
    )
}

async function report(issuer: string, secret: string): Promise<void> {
  const response = await fetch(`${issuer}/healthz`)
  console.log(`\n${issuer}/healthz answers ${response.status}: ${await response.text()}`)
  if (!response.ok)
    throw new Error('the deployment does not serve yet; docs/operate.md says what to look at.')
  console.log(`Put the upstreams' keys into ${secret}:`)
  console.log(
    `  aws secretsmanager put-secret-value --secret-id ${secret} --secret-string file://upstream.json`,
  )
}

deploy(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Not deployed: ${error.message}`)
  process.exitCode = 1
})
