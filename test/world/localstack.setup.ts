/** Before the tests of a project: a LocalStack of their own, with the stack deployed. After them: nothing is left. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { deployEmulated, type Emulated } from '../../scripts/aws/emulated.ts'
import type { DemoProvider } from '../../scripts/demo/provider.ts'
import { clientEnvironment } from '../../scripts/localstack/client-environment.ts'
import { startInstance, stopInstance } from '../../scripts/localstack/instance.ts'
import { deleteStack, findStack } from '../../shared/adapters/aws/cloudformation.ts'
import { tellOnce } from './told-story.ts'

let undo: () => Promise<void> = async () => undefined
export const teardown = (): Promise<void> => undo()

export async function setup(project: TestProject): Promise<void> {
  // Every test is skipped, for want of something on this machine.
  if (process.env.SALLYPORT_TEST_EMULATORS === '0') return
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-localstack-'))
  const given = process.env.SALLYPORT_AWS_ENDPOINT
  const instance = given
    ? undefined
    : await startInstance({ folder, port: 0, owned: true, say: line => console.log(line) })
  const emulated: Emulated = {
    target: 'localstack',
    stack: 'Sallyport',
    env: clientEnvironment(instance?.endpoint ?? given ?? ''),
    // As short as the stack takes: tests wait for it to pass.
    lease: 10,
    log: join(folder, 'deploy.log'),
  }
  let provider: DemoProvider | undefined
  undo = async () => {
    await provider?.close()
    if (instance) await stopInstance(folder)
    else await destroyed(emulated.stack)
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`Deploying to the LocalStack at ${emulated.env.AWS_ENDPOINT_URL}, see ${emulated.log}`)
  await deployEmulated(emulated)
  const told = await tellOnce(emulated.stack, folder)
  provider = told.provider
  const { target, stack, env } = emulated
  project.provide('deployed', { target, stack, env, story: told.story })
  if (instance) project.provide('localstack', instance)
}

async function destroyed(name: string): Promise<void> {
  const stack = await findStack(name)
  if (stack) await deleteStack(stack)
}
