/** The package that partners install, as `npm run build` makes it. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'

const run = promisify(execFile)
const built = resolve('dist/client')
let world: EmbeddedWorld
beforeAll(async () => {
  await run('npm', ['run', 'build'])
  world = await openEmbedded()
})
afterAll(() => world.close())

test('packs the SDK with its types, the CLI, and the licence', async () => {
  const { stdout } = await run('npm', ['pack', '--dry-run', '--json'], { cwd: built })
  const files = (JSON.parse(stdout)[0].files as { path: string }[]).map(({ path }) => path)
  expect(files).toEqual(
    expect.arrayContaining([
      'index.js',
      'types/client/index.d.ts',
      'key-file.js',
      'sallyport.js',
      'LICENSE',
      'package.json',
    ]),
  )
})

test('the SDK needs its two dependencies and nothing else', async () => {
  const source = await readFile(join(built, 'index.js'), 'utf8')
  const imported = [...source.matchAll(/\b(?:import|export)\b[\w*{}\s,$]*\bfrom\s*"([^"]+)"/g)].map(
    ([, name]) => name,
  )
  expect([...new Set(imported)].sort()).toEqual(['dpop', 'oauth4webapi'])
})

test('the CLI is one file that runs without any package beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-package-'))
  try {
    await symlink(join(built, 'sallyport.js'), join(folder, 'sallyport.mjs'))
    const env = { ...process.env, SALLYPORT_DATA: world.data }
    const cli = ['--preserve-symlinks-main', join(folder, 'sallyport.mjs'), '--json', 'quota']
    const { stdout } = await run(process.execPath, cli, { cwd: folder, env })
    expect(JSON.parse(stdout)).toMatchObject([
      { model: 'aurora-preview', used: (await world.meter('cedar')).used },
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the SDK works where it is installed with its dependencies', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-package-'))
  try {
    const modules = join(folder, 'node_modules')
    await mkdir(join(modules, '@sallyport'), { recursive: true })
    await symlink(built, join(modules, '@sallyport', 'client'))
    const script = `
      import { createGateway } from '@sallyport/client'
      const { issuer, partner } = JSON.parse(process.env.GIVEN)
      const gateway = createGateway({ issuer, clientId: partner.client_id, key: partner.key, kid: partner.kid })
      console.log(JSON.stringify(await gateway.models()))`
    const env = {
      ...process.env,
      GIVEN: JSON.stringify({ issuer: world.issuer, partner: world.partner('cedar') }),
    }
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: folder,
      env,
    })
    expect(JSON.parse(stdout)).toMatchObject([{ id: 'aurora-preview' }])
  } finally {
    await rm(folder, { recursive: true })
  }
})
