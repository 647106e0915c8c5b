/**
 * `npm run destroy -- --name <stack> [--confirm=<stack>]`: takes a deployment down with its edge and its CDN, after saying
 * what stays: what their templates retain is there until somebody deletes it by hand.
 */
import { parseArgs } from 'node:util'
import {
  type DeployedStack,
  deleteStack,
  findStack,
  readRetained,
} from '../shared/adapters/aws/cloudformation.ts'
import { keys } from '../shared/domain/keys.ts'
import { ask } from './ask.ts'
import { openStack } from './aws/stack.ts'

async function destroy(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { name: { type: 'string' }, confirm: { type: 'string' } },
  })
  const { name } = values
  if (name === undefined) throw new Error('name the stack: --name Sallyport.')
  const deployment = await openStack(name)
  try {
    const stacks = await stacksOf(name)
    const [ring] = await deployment.store.get([keys.keyRing])
    const refs = ring?.keys.map(({ ref }) => ref) ?? []
    console.log(`${deployment.issuer} ends: no token is issued any more, and none is accepted.`)
    console.log(`Deleted: ${stacks.map(stack => stack.name).join(', ')}`)
    await sayWhatStays(stacks, refs)

    const confirmed = values.confirm ?? (await ask(`Type ${name} to go on: `, `give --confirm=${name}.`))
    if (confirmed !== name) throw new Error(`${confirmed || 'nothing'} is not ${name}.`)
    for (const stack of stacks) await deleteStack(stack)
    for (const ref of refs) await deployment.retireKey(ref)
    console.log(`${name} is gone.`)
  } finally {
    deployment.close()
  }
}

/** In the order in which they can go: each stands on those after it. CloudFront is steered from one region. */
async function stacksOf(name: string): Promise<readonly DeployedStack[]> {
  const all = [findStack(`${name}Cdn`, 'us-east-1'), findStack(`${name}Edge`), findStack(name)]
  return (await Promise.all(all)).filter(stack => stack !== undefined)
}

async function sayWhatStays(stacks: readonly DeployedStack[], refs: readonly string[]): Promise<void> {
  const retained = (await Promise.all(stacks.map(readRetained))).flat()
  console.log(retained.length > 0 ? 'These stay, with all that is in them:' : 'Nothing of it stays.')
  for (const { type, id } of retained) console.log(`  ${type.padEnd(28)} ${id}`)
  for (const ref of refs) console.log(`  ${'deleted in 7 days'.padEnd(28)} ${ref}`)
}

destroy(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Not destroyed: ${error.message}`)
  process.exitCode = 1
})
