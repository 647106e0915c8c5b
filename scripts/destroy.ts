/**
 * `npm run destroy -- --name <stack> [--confirm=<stack>] [-c …]`: takes a deployment down, after saying what stays: what
 * the stack retains is there until somebody deletes it by hand.
 */
import { parseArgs } from 'node:util'
import { readRetained } from '../shared/adapters/aws/cloudformation.ts'
import { keys } from '../shared/domain/keys.ts'
import { ask } from './ask.ts'
import { cdk, contextOf } from './aws/cdk.ts'
import { openStack } from './aws/stack.ts'

async function destroy(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      name: { type: 'string' },
      confirm: { type: 'string' },
      context: { type: 'string', short: 'c', multiple: true, default: [] },
    },
  })
  const stack = values.name
  if (stack === undefined) throw new Error('name the stack: --name Sallyport.')
  const deployment = await openStack(stack)
  try {
    const retained = await readRetained(stack)
    const [ring] = await deployment.store.get([keys.keyRing])
    const refs = ring?.keys.map(({ ref }) => ref) ?? []
    console.log(`${deployment.issuer} ends: no token is issued any more, and none is accepted.`)
    console.log(retained.length > 0 ? 'These stay, with all that is in them:' : 'Nothing of it stays.')
    for (const { type, id } of retained) console.log(`  ${type.padEnd(28)} ${id}`)
    for (const ref of refs) console.log(`  ${'deleted in 7 days'.padEnd(28)} ${ref}`)

    const confirmed = values.confirm ?? (await ask(`Type ${stack} to go on: `, `give --confirm=${stack}.`))
    if (confirmed !== stack) throw new Error(`${confirmed || 'nothing'} is not ${stack}.`)
    await cdk({ context: { name: stack, ...contextOf(values.context) } }, 'destroy', '--all', '--force')
    for (const ref of refs) await deployment.retireKey(ref)
    console.log(`${stack} is gone.`)
  } finally {
    deployment.close()
  }
}

destroy(process.argv.slice(2)).catch((error: Error) => {
  console.error(`Not destroyed: ${error.message}`)
  process.exitCode = 1
})
