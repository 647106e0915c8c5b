/**
 * `npm run deploy [-- --name <stack>] [-c <parameter>=<value>]… [--yes]`: shows what would change in the account, asks,
 * deploys, and makes what a new deployment needs to serve. The account must be bootstrapped for the CDK.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { givenTables, type Parameters, readParameters } from '../infra/parameters.ts'
import { findStack } from '../shared/adapters/aws/cloudformation.ts'
import { tableExists } from '../shared/adapters/aws/table.ts'
import { systemClock } from '../shared/adapters/world.ts'
import { ask } from './ask.ts'
import { cdk, contextOf } from './aws/cdk.ts'
import { type OpenStack, openStack } from './aws/stack.ts'
import { bundle } from './bundle.ts'
import { ensureRing } from './key-ring.ts'

type Context = Readonly<Record<string, unknown>>

async function deploy(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: { type: 'string' },
      context: { type: 'string', short: 'c', multiple: true, default: [] },
      yes: { type: 'boolean', default: false },
    },
  })
  const given = contextOf(values.context)
  const kept = keptContext()
  const stack = nameOf(values.name, given, kept)
  const app = { context: { ...given, name: stack } }
  const parameters = readParameters({ ...kept, ...given, name: stack })
  await refuseForgotten(stack, { ...kept, ...given })
  await refuseMissing(parameters)
  await bundle()
  await cdk(app, 'diff')
  if (!values.yes) {
    const answer = await ask(`Deploy this as ${stack}? [y/N] `, 'give --yes to deploy without a question.')
    if (!/^y(es)?$/i.test(answer)) return console.log('Nothing was deployed.')
  }
  // The difference was shown and agreed to just now.
  await cdk(app, 'deploy', '--all', '--require-approval', 'never')

  const deployment = await openStack(stack)
  try {
    await ensureRing({ ...deployment, clock: systemClock })
    await report(stack, deployment)
  } finally {
    deployment.close()
  }
}

/** What stands in `cdk.json` for every deployment. */
const keptContext = (): Context =>
  (JSON.parse(readFileSync('cdk.json', 'utf8')) as { context?: Context }).context ?? {}

/** One name: whoever gives two means one of them. */
function nameOf(option: string | undefined, given: Context, kept: Context): string {
  if (option !== undefined && given.name !== undefined && given.name !== option)
    throw new Error(`--name ${option} and -c name=${given.name}: which of them?`)
  return option ?? String(given.name ?? kept.name ?? 'Sallyport')
}

/** A stack that uses a restored table would otherwise get a new, empty one in its place. */
async function refuseForgotten(stack: string, context: Context): Promise<void> {
  const { RestoredTables = 'none' } = (await findStack(stack))?.outputs ?? {}
  const forgotten = RestoredTables.split(' ').filter(
    one => one !== 'none' && !Object.hasOwn(context, one.split('=')[0] ?? ''),
  )
  if (forgotten.length > 0)
    throw new Error(
      `${stack} uses restored tables: give -c ${forgotten.join(' -c ')}, or put it into context of cdk.json.`,
    )
}

/** A misspelt name would deploy as well, and nothing would work. */
async function refuseMissing(parameters: Parameters): Promise<void> {
  for (const given of givenTables(parameters)) {
    const name = given.slice(given.indexOf('=') + 1)
    if (!(await tableExists(name)))
      throw new Error(`${given}: there is no table ${name} in this account and region.`)
  }
}

/** From here on it is deployed, whether or not it serves yet. */
async function report(stack: string, { issuer, outputs }: OpenStack): Promise<void> {
  console.log(`\nDeployed: ${stack}, at ${issuer}`)
  const answered = await fetch(`${issuer}/healthz`).then(
    async response => `${response.status}: ${await response.text()}`,
    (error: Error) => `with nothing (${error.cause instanceof Error ? error.cause.message : error.message})`,
  )
  console.log(`${issuer}/healthz answers ${answered}`)
  if (!answered.startsWith('200')) {
    const edge = await findStack(`${stack}Edge`)
    if (edge?.outputs.DomainTarget)
      console.log(`Its name has to lead to ${edge.outputs.DomainTarget}, or to the target of the CDN.`)
    console.log('docs/operate.md says what else to look at.')
  }
  const secret = outputs.SecretArn ?? ''
  console.log(`Put the upstreams' keys into ${secret}:`)
  console.log(
    `  aws secretsmanager put-secret-value --secret-id ${secret} --secret-string file://upstream.json`,
  )
}

deploy(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Not deployed: ${error.message}`)
  process.exitCode = 1
})
