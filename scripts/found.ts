/**
 * `npm run found -- --file founding.json [--stack <name>]`: puts the developer, the government office and their first
 * administrators into a deployment that has none. Once: whatever comes after is decided by people.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import * as z from 'zod'
import { systemClock, systemRandom } from '../shared/adapters/world.ts'
import { openDeployment, stackOption } from './deployment.ts'
import { type Founding, found } from './founding.ts'

const text = z.string().trim().min(1).max(200)
const founder = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, 'is 2 to 63 of a–z, 0–9 and -, beginning with a letter'),
  name: text,
  provider: z.strictObject({
    issuer: z.url({ protocol: /^https?$/ }),
    clientId: text,
    authentication: z.enum(['private_key_jwt', 'none']),
    phishingResistant: z.strictObject({ acr: z.array(text), amr: z.array(text) }),
  }),
  admins: z
    .array(z.strictObject({ name: text, subject: text }))
    .min(2, 'names two people, so that one can be replaced')
    .max(10),
})
const schema = z
  .strictObject({ developer: founder, government: founder })
  .refine(({ developer, government }) => developer.id !== government.id, 'names one organisation twice')

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { ...stackOption, file: { type: 'string' } },
  })
  if (values.file === undefined)
    throw new Error('name the file: --file founding.json; docs/operate.md shows one.')
  const founding = readFounding(values.file)
  const deployment = await openDeployment(values.stack)
  try {
    const world = { clock: systemClock, random: systemRandom, operator: await deployment.operator() }
    if (!(await found(deployment.store, founding, world)))
      throw new Error('the deployment was founded before; people decide now: sallyport org list')
    const { developer, government } = founding
    console.log(`${developer.name} and ${government.name} can sign in: sallyport auth login`)
  } finally {
    deployment.close()
  }
}

function readFounding(file: string): Founding {
  const parsed = schema.safeParse(JSON.parse(readFileSync(file, 'utf8')))
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'it'} ${message}`)
  throw new Error(`${file} is not one to found with: ${faults.join('; ')}`)
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Nothing was changed: ${error.message}`)
  process.exitCode = 1
})
