/**
 * `npm run seed -- --stack <name> --provider <url> --openai <url> [--anthropic <url>]`: the demo's story in a deployed
 * stack. The embedded server seeds itself.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { systemClock, systemRandom } from '../shared/adapters/world.ts'
import { keys } from '../shared/domain/keys.ts'
import type { Provider } from '../shared/domain/parties.ts'
import type { Store } from '../shared/ports/store.ts'
import { type DemoCredentials, keepCredentials, openCredentials } from './demo/credentials.ts'
import { organisationNames, people, phishingResistant, subjectOf } from './demo/people.ts'
import { developerId, type Endpoints, governmentId, modelId } from './demo/story.ts'
import { tellEndpoints, tellStory } from './demo/tell.ts'
import { readConfig } from './embedded/config.ts'
import { systemUser } from './embedded/system-user.ts'
import { found } from './founding.ts'

export interface Where {
  /** The folder that gets `demo/credentials.json`. */
  readonly data: string
  readonly issuer: string
  readonly endpoints: Endpoints
  /** The address of the demo's provider, which the token service must reach. */
  readonly provider: string
}

/**
 * An operator founds the deployment, once; all else the demo's people do through the API. A seed that was broken off is
 * finished by the next one, with the same keys. What is there is left alone, but for the endpoint of the model, which
 * follows the caller.
 */
export async function seed(store: Store, where: Where): Promise<DemoCredentials> {
  const { issuer, endpoints } = where
  const file = credentialsFile(where.data)
  const credentials = await openCredentials(file, issuer)
  const provider: Provider = {
    issuer: where.provider,
    clientId: demoClientId,
    authentication: 'private_key_jwt',
    phishingResistant: { acr: [phishingResistant], amr: [] },
  }
  await found(
    store,
    { developer: founder(developerId, provider), government: founder(governmentId, provider) },
    { clock: systemClock, random: systemRandom, operator: systemUser() },
  )
  if (await isTold(store, credentials)) {
    if (await hasMoved(store, endpoints)) await tellEndpoints({ issuer, endpoints })
    return credentials
  }
  const told = await tellStory({ issuer, provider, endpoints, now: systemClock.now() }, credentials.partners)
  const seeded = {
    ...credentials,
    partners: credentials.partners.map(partner => ({ ...partner, ...told.get(partner.id) })),
  }
  if (JSON.stringify(seeded) !== JSON.stringify(credentials)) await keepCredentials(file, seeded)
  return seeded
}

/** The credentials are kept once it is told to its end. It is told once: what people decide after that stays. */
async function isTold(store: Store, { partners }: DemoCredentials): Promise<boolean> {
  if (partners.some(({ client_id, grant }) => client_id === '' || grant === '')) return false
  const clients = await store.get(partners.map(({ client_id }) => keys.client(client_id)))
  return clients.every(client => client !== undefined)
}

async function hasMoved(store: Store, { openai, anthropic }: Endpoints): Promise<boolean> {
  const [model] = await store.get([keys.model(modelId)])
  return model?.upstreams.openai?.url !== openai || model.upstreams.anthropic?.url !== anthropic
}

/** How a Sallyport is known to the demo's provider. */
const demoClientId = 'sallyport'

const founder = (id: typeof developerId | typeof governmentId, provider: Provider) => ({
  id,
  name: organisationNames[id],
  provider,
  admins: people
    .filter(({ organisation, roles }) => organisation === id && roles.some(role => role.endsWith('-admin')))
    .map(({ name, login }) => ({ name, subject: subjectOf(login) })),
})

const credentialsFile = (data: string): string => join(data, 'demo', 'credentials.json')

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      stack: { type: 'string' },
      provider: { type: 'string' },
      openai: { type: 'string' },
      anthropic: { type: 'string' },
    },
  })
  const { stack, provider, openai, anthropic } = values
  if (stack === undefined || provider === undefined || openai === undefined)
    throw new Error(
      'name the stack, where the demo’s people sign in, and where its model is: ' +
        '--stack Sallyport --provider https://people.example --openai https://models.example/v1',
    )
  judge(openai, anthropic)
  const { openStack } = await import('./aws/stack.ts')
  const deployment = await openStack(stack)
  const data = join('.sallyport', stack)
  try {
    const endpoints = { openai, anthropic: anthropic ?? openai.replace(/\/v1$/, '') }
    const { partners } = await seed(deployment.store, {
      data,
      issuer: deployment.issuer,
      endpoints,
      provider,
    })
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
    console.error(`Nothing more was seeded: ${error.message}`)
    process.exitCode = 1
  })
