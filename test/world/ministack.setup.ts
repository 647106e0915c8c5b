/** Before the tests of a project: a ministack where functions act under their own roles, with the stack deployed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { deployEmulated, type Emulated } from '../../scripts/aws/emulated.ts'
import type { DemoProvider } from '../../scripts/demo/provider.ts'
import { clientEnvironment } from '../../scripts/localstack/client-environment.ts'
import { startMinistack } from '../../scripts/ministack/instance.ts'
import { tellOnce } from './told-story.ts'

let undo: () => Promise<void> = async () => undefined
export const teardown = (): Promise<void> => undo()

export async function setup(project: TestProject): Promise<void> {
  // Every test is skipped, for want of something on this machine.
  if (process.env.SALLYPORT_TEST_EMULATORS === '0') return
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-ministack-'))
  const ministack = await startMinistack(folder, line => console.log(line))
  let provider: DemoProvider | undefined
  undo = async () => {
    await provider?.close()
    await ministack.stop()
    rmSync(folder, { recursive: true, force: true })
  }
  const emulated: Emulated = {
    target: 'ministack',
    stack: 'Sallyport',
    env: clientEnvironment(ministack.endpoint, ministack.certificate),
    lease: 10,
    log: join(folder, 'deploy.log'),
  }
  console.log(`Deploying to the ministack at ${ministack.endpoint}, see ${emulated.log}`)
  await deployEmulated(emulated)
  const told = await tellOnce(emulated.stack, folder)
  provider = told.provider
  const { target, stack, env } = emulated
  const { certificate } = ministack
  project.provide('deployed', { target, stack, env, certificate, story: told.story })
}
