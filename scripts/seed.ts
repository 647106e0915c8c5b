/**
 * `npm run seed -- --stack <name> --openai <url> [--anthropic <url>]`: the demo's story in a deployed stack. The embedded
 * server seeds itself.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { keys } from '../shared/domain/keys.ts'
import type { Store } from '../shared/ports/store.ts'
import { type DemoCredentials, openCredentials } from './demo/credentials.ts'
import { type Endpoints, modelId, storyRecords, upstreams } from './demo/story.ts'
import { readConfig } from './embedded/config.ts'

/**
 * Puts the demo's story into a store, credentials first: a seed that was broken off is finished by the next one, with
 * the same keys. Records that are there are left alone, but for the endpoint of the model, which follows the caller.
 */
export async function seed(
  store: Store,
  where: { readonly data: string; readonly issuer: string; readonly endpoints: Endpoints },
  now: number,
): Promise<DemoCredentials> {
  const credentials = await openCredentials(credentialsFile(where.data), where.issuer)
  await Promise.all(storyRecords(credentials, where.endpoints, now).map(op => store.write(op)))
  await store.write({
    kind: 'update',
    key: keys.model(modelId),
    change: { set: [[['upstreams'], upstreams(where.endpoints)]] },
  })
  return credentials
}

const credentialsFile = (data: string): string => join(data, 'demo', 'credentials.json')

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { stack: { type: 'string' }, openai: { type: 'string' }, anthropic: { type: 'string' } },
  })
  const { stack, openai, anthropic } = values
  if (stack === undefined || openai === undefined)
    throw new Error(
      'name the stack and where its model is: --stack Sallyport --openai https://models.example/v1',
    )
  judge(openai, anthropic)
  const { openStack } = await import('./aws/stack.ts')
  const deployment = await openStack(stack)
  const data = join('.sallyport', stack)
  try {
    const endpoints = { openai, anthropic: anthropic ?? openai.replace(/\/v1$/, '') }
    const { partners } = await seed(
      deployment.store,
      { data, issuer: deployment.issuer, endpoints },
      Date.now(),
    )
    console.log(
      `${partners.map(({ id }) => id).join(' and ')} are partners of ${deployment.issuer}; all made up.`,
    )
    console.log(`Their keys: ${credentialsFile(data)}`)
  } finally {
    deployment.close()
  }
}

/** As the embedded server judges its own. */
function judge(openai: string, anthropic: string | undefined): void {
  try {
    readConfig({ SALLYPORT_UPSTREAM_OPENAI: openai, SALLYPORT_UPSTREAM_ANTHROPIC: anthropic })
  } catch (error) {
    const [, ...faults] = (error as Error).message.split('\n')
    const told = faults.map(fault => fault.trim()).join('; ')
    throw new Error(told.replace(/SALLYPORT_UPSTREAM_(\w+)/g, (_, name) => `--${name.toLowerCase()}`))
  }
}

if (import.meta.main)
  main(process.argv.slice(2)).catch((error: Error) => {
    console.error(`Nothing was seeded: ${error.message}`)
    process.exitCode = 1
  })
