/** `npm run rotate [-- --stack <name>] [--compromised <kid>]`: a new token signing key, beside whatever serves. */
import { parseArgs } from 'node:util'
import { systemClock } from '../shared/adapters/world.ts'
import { time } from '../shared/domain/time.ts'
import { openDeployment, stackOption } from './deployment.ts'
import { rotateKeys } from './key-ring.ts'

async function rotate(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: attached(args),
    options: { ...stackOption, compromised: { type: 'string' } },
  })
  const deployment = await openDeployment(values.stack)
  try {
    const ring = await rotateKeys({ ...deployment, clock: systemClock }, values.compromised)
    for (const { kid, signsFrom, retiresAt } of ring.keys)
      console.log(
        `${kid}  signs from ${time(signsFrom)}${retiresAt ? `, published until ${time(retiresAt)}` : ''}`,
      )
    if (values.compromised) console.log(`${values.compromised}  is no longer trusted`)
  } finally {
    deployment.close()
  }
}

/** A thumbprint can begin with a dash, which would be taken for an option where it stands alone. */
function attached(args: readonly string[]): string[] {
  const at = args.indexOf('--compromised')
  const kid = args[at + 1]
  if (at < 0 || kid === undefined) return [...args]
  return [...args.slice(0, at), `--compromised=${kid}`, ...args.slice(at + 2)]
}

rotate(process.argv.slice(2)).catch((error: Error) => {
  console.error(`The key was not rotated: ${error.message}`)
  process.exitCode = 1
})
