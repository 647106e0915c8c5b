/** `sallyport auth login` as a process, with a program in the place of the browser: from nothing to an ended session. */
import { readdir, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { createPersonGateway, readSession } from '../../client/index.ts'
import { textAt } from '../../client/json.ts'
import { type CommandLine, commandLine, ended, printedUrl } from '../world/command-line.ts'
import { type EmbeddedWorld, openEmbedded } from '../world/embedded.ts'

let world: EmbeddedWorld
beforeAll(async () => {
  world = await openEmbedded()
})
afterAll(() => world.close())

/** Words with blanks between: the path of this Node is written without any. */
const node = relative(process.cwd(), process.execPath)

/** A machine whose browser is always the same person. */
const machineOf = (who: string, login = who): CommandLine =>
  commandLine(world, who, { SALLYPORT_BROWSER: `${node} scripts/demo/browserless.ts ${login}` })

/** However the terminal's lines are broken. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ')

const gatewayOf = async (cli: CommandLine) => {
  const session = await readSession(await cli.session())
  return createPersonGateway({ issuer: world.issuer, session })
}

test('a session begins by one command and ends by another, for whoever has a copy of it, too', async () => {
  const cli = machineOf('nora')
  const done = await cli.run('auth', 'login', '--organisation', 'ofr')
  expect(done).toMatchObject({ code: 0, out: '', err: expect.stringContaining('as Nora Quill of ofr') })
  for (const name of await readdir(dirname(cli.sessionFile)))
    expect((await stat(join(dirname(cli.sessionFile), name))).mode & 0o777).toBe(0o600)
  const copied = await cli.session()
  for (const secret of [copied.refresh_token, copied.key.d]) expect(done.err).not.toContain(secret)

  const status = await cli.run('auth', 'status', '--json')
  expect(JSON.parse(status.out)).toMatchObject({ name: 'Nora Quill', roles: ['nsa-admin'], fresh: true })
  const thief = await gatewayOf(cli)
  expect((await thief.get('/me')).status).toBe(200)

  expect(await cli.run('auth', 'logout')).toMatchObject({ code: 0, out: '' })
  expect(await readdir(dirname(cli.sessionFile))).toEqual([])
  // The access token has minutes left, and is good for nothing.
  const refused = await thief.get('/me')
  expect([refused.status, textAt(refused.body, 'code')]).toEqual([401, 'session_ended'])
  await cli.putBack(copied)
  expect(await cli.run('auth', 'status')).toMatchObject({ code: 4, out: '' })
  expect((await cli.run('auth', 'logout')).code).toBe(0)
  expect(await cli.run('auth', 'logout')).toMatchObject({ code: 4 })
})

test('a second sign-in takes the place of the first, which ends', async () => {
  const cli = machineOf('ada')
  expect((await cli.run('auth', 'login', '--organisation', 'halcyon')).code).toBe(0)
  const first = await gatewayOf(cli)
  expect((await first.get('/me')).status).toBe(200)
  const again = await cli.run('--json', 'auth', 'login', '--organisation', 'halcyon', '--fresh')
  expect(again.code).toBe(0)
  expect(JSON.parse(again.out)).toMatchObject({ name: 'Ada Lind', signed_in: true })
  expect((await first.get('/me')).status).toBe(401)
  expect((await (await gatewayOf(cli)).get('/me')).status).toBe(200)
})

test('somebody of another organisation gets no session, and the reason in words', async () => {
  const cli = machineOf('stranger', 'priya')
  const done = await cli.run('auth', 'login', '--organisation', 'ofr')
  expect(done).toMatchObject({ code: 4, out: '' })
  expect(oneLine(done.err)).toMatch(
    /error: Nobody of this organisation is enrolled with this account\. .* code access_denied next sallyport auth login/,
  )
  expect((await cli.run('auth', 'status')).code).toBe(4)
})

test('a browser that does not start, where nobody could open the address, ends it', async () => {
  const cli = commandLine(world, 'alone', { SALLYPORT_BROWSER: '/nonexistent/browser' })
  const done = await cli.run('auth', 'login', '--organisation', 'ofr')
  expect(done).toMatchObject({ code: 4, out: '', err: expect.stringMatching(/code +browser_failed/) })
})

test('Ctrl-C ends the wait: 130, nothing is kept, and nobody listens any more', async () => {
  const cli = commandLine(world, 'impatient')
  const login = cli.begin('auth', 'login', '--organisation', 'ofr', '--no-browser')
  onTestFinished(() => void login.kill())
  const url = new URL(await printedUrl(login))
  const waits = url.searchParams.get('redirect_uri') ?? ''
  expect((await fetch(waits)).status).toBe(400)
  login.process.kill('SIGINT')
  expect(await ended(login)).toMatchObject({ code: 130, out: '' })
  await expect(fetch(waits)).rejects.toThrow(TypeError)
  await expect(stat(cli.sessionFile)).rejects.toMatchObject({ code: 'ENOENT' })
})
