import { readFileSync } from 'node:fs'
import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { rawHttp } from '../../world/raw-http.ts'
import { FakeGateway } from './fake-gateway.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

const freshUntil = new Date(Date.now() + 300_000).toISOString()
const shownFresh = `${freshUntil.slice(0, 16).replace('T', ' ')} UTC`

let server: FakeGateway
let terminal: RecordedTerminal

const me = {
  person: { id: 'person_1', name: 'Ada Lind', organisation: 'halcyon' },
  organisation: { id: 'halcyon', name: 'Halcyon Research', kind: 'developer', state: 'active' },
  roles: ['developer-admin'],
  session: { id: 'session_1', ends_at: '2026-12-01T16:00:00Z', fresh_until: freshUntil },
  standing: { state: 'active', confirmed_until: null, organisation_stop: null },
  quota: null,
  waits_on_me: { proposals: 0, stops: 0, at_least: false, items: [] },
}

beforeEach(async () => {
  server = await new FakeGateway().start()
  server.reply = () => ({ body: me })
  terminal = new RecordedTerminal()
  terminal.env.SALLYPORT_ENDPOINT = server.issuer
  terminal.browser = command => goBack(command.at(-1) ?? '')
})
afterEach(() => server.stop())

const sallyport = (...argv: string[]) => run(argv, terminal)
const sessions = () => join(terminal.home, '.config', 'sallyport', 'sessions')
const file = () => join(sessions(), `${new URL(server.issuer).host.replace(':', '_')}.json`)
const stored = async () => JSON.parse(await readFile(file(), 'utf8'))
const printedUrl = () => /^ {2}(http\S+)$/m.exec(terminal.stderr)?.[1] ?? ''

let pageOfBrowser: { status: number; text: string; headers: Headers }

/** The browser: to the gateway, and from there to the callback. It does not wait for the page. */
async function goBack(url: string, change = (callback: URL) => callback): Promise<undefined> {
  const there = await fetch(url, { redirect: 'manual' })
  const callback = change(new URL(there.headers.get('location') ?? ''))
  void fetch(callback).then(async response => {
    pageOfBrowser = { status: response.status, text: await response.text(), headers: response.headers }
  })
}

const until = async (fits: () => boolean): Promise<void> => {
  while (!fits()) await new Promise(resolve => setTimeout(resolve, 5))
}

describe('auth login', () => {
  it('prints the address, opens it, and keeps a session of mode 0600 in a folder of mode 0700', async () => {
    expect(await sallyport('auth', 'login', '--organisation', 'halcyon')).toBe(0)
    expect(terminal.browsed).toEqual([[expect.any(String), printedUrl()]])
    expect(terminal.stderr).toContain(`Signed in at ${server.issuer} as Ada Lind of halcyon.`)
    expect(terminal.stdout).toBe('')
    expect((await stat(file())).mode & 0o777).toBe(0o600)
    expect((await stat(sessions())).mode & 0o777).toBe(0o700)
    expect(await readdir(sessions())).toEqual([
      expect.stringMatching(/\.json$/),
      expect.stringMatching(/\.token$/),
    ])
    expect(await stored()).toMatchObject({
      issuer: server.issuer,
      person: 'person_1',
      roles: ['developer-admin'],
      ends_at: '2026-12-01T16:00:00Z',
      key: { crv: 'P-256', d: expect.any(String) },
    })
    const asked = server.people.authorized[0]
    expect(asked?.get('organisation')).toBe('halcyon')
    expect(asked?.get('client_id')).toBe('sallyport-cli')
    expect(asked?.get('redirect_uri')).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    expect(asked?.has('max_age')).toBe(false)
  })

  it('closes a folder that others could look into', async () => {
    await mkdir(sessions(), { recursive: true, mode: 0o755 })
    await chmod(sessions(), 0o755)
    await sallyport('auth', 'login')
    expect((await stat(sessions())).mode & 0o777).toBe(0o700)
  })

  it('shows a small plain page that holds nothing of the address', async () => {
    await sallyport('auth', 'login')
    await until(() => pageOfBrowser !== undefined)
    expect(pageOfBrowser.status).toBe(200)
    expect(pageOfBrowser.text).toContain('<h1>You are signed in</h1>\n<p>You can close this window')
    expect(pageOfBrowser.text).not.toContain('code=')
    expect(pageOfBrowser.headers.get('cache-control')).toBe('no-store')
    expect(pageOfBrowser.headers.get('referrer-policy')).toBe('no-referrer')
  })

  it('authenticates anew with --fresh', async () => {
    await sallyport('auth', 'login', '--fresh')
    expect(server.people.authorized[0]?.get('max_age')).toBe('0')
  })

  it('opens nothing with --no-browser, and says so where none can be started', async () => {
    const going = sallyport('auth', 'login', '--no-browser')
    await until(() => printedUrl() !== '')
    await goBack(printedUrl())
    expect(await going).toBe(0)
    expect(terminal.browsed).toEqual([])

    terminal.stderr = ''
  })

  it('says which browser failed, and waits where somebody is there to open the address', async () => {
    terminal.interactive = true
    terminal.env.SALLYPORT_BROWSER = 'firefox -new-tab'
    terminal.browser = async () => 'ended with 1'
    const going = sallyport('auth', 'login')
    await until(() => terminal.stderr.includes('The browser firefox ended with 1. Open the address above'))
    await goBack(printedUrl())
    expect(await going).toBe(0)
  })

  it.each([
    [false, []],
    [true, ['--no-input']],
  ])(
    'ends at once with 4 where it failed and nobody is there (at a terminal: %j)',
    async (there, options) => {
      terminal.interactive = there
      terminal.browser = async () => 'could not be started (ENOENT)'
      expect(await sallyport('auth', 'login', ...options)).toBe(4)
      expect(terminal.stderr).toMatch(/could not be started \(ENOENT\)\. Nobody is here/)
      expect(terminal.stderr).toContain('code     browser_failed')
      expect(server.people.sessions.size).toBe(0)
      await expect(readdir(sessions())).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )

  it('prints JSON with --json, and no secret in it', async () => {
    expect(await sallyport('auth', 'login', '--json')).toBe(0)
    const printed = JSON.parse(terminal.stdout)
    expect(printed).toMatchObject({ signed_in: true, issuer: server.issuer, name: 'Ada Lind' })
    const { refresh_token: token, key } = await stored()
    for (const secret of [token, key.d]) {
      expect(terminal.stdout).not.toContain(secret)
      expect(terminal.stderr).not.toContain(secret)
    }
  })

  it('ends the session that it takes the place of', async () => {
    await sallyport('auth', 'login')
    await sallyport('auth', 'login')
    expect([...server.people.sessions.values()].map(({ state }) => state)).toEqual(['ended', 'active'])
  })

  it('tells a refusal in the words of the gateway, exit 4, and the browser that it failed', async () => {
    server.people.error = 'access_denied'
    expect(await sallyport('auth', 'login')).toBe(4)
    expect(terminal.stderr).toContain('error: Your sign-in could be phished.')
    expect(terminal.stderr).toMatch(/code {5}access_denied\n {2}next {5}sallyport auth login/)
    await until(() => pageOfBrowser?.status === 400)
    expect(pageOfBrowser.text).toContain('<h1>You are not signed in</h1>\n<p>Your terminal says why.')
    await expect(readdir(sessions())).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('refuses an answer from another issuer', async () => {
    server.people.iss = 'https://evil.example'
    expect(await sallyport('auth', 'login')).toBe(4)
    expect(terminal.stderr).toContain('code     callback_invalid')
    expect(server.people.sessions.size).toBe(0)
  })

  it('turns everything away but the one callback, and waits on', async () => {
    const going = sallyport('auth', 'login', '--no-browser')
    await until(() => printedUrl() !== '')
    const redirect = new URL(new URL(printedUrl()).searchParams.get('redirect_uri') ?? '')
    const { origin, host } = redirect
    const status = async (path: string, init?: RequestInit) => (await fetch(origin + path, init)).status
    expect(await status('/')).toBe(404)
    expect(await status('/callback/x?state=x')).toBe(404)
    expect(await status('/callback?state=x&code=y')).toBe(400)
    expect(await status('/callback?code=y')).toBe(400)
    const { state = '' } = Object.fromEntries(new URL(printedUrl()).searchParams)
    expect(await status(`/callback?state=${state}&state=${state}`)).toBe(400)
    expect(await status(`/callback?state=${state}`, { method: 'POST' })).toBe(405)
    const foreign = await rawHttp(
      origin,
      `GET /callback?state=${state}&code=x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    )
    expect(foreign).toMatch(/^HTTP\/1.1 421 /)
    expect(host).toMatch(/^127\.0\.0\.1:/)

    await goBack(printedUrl())
    expect(await going).toBe(0)
    await expect(fetch(`${origin}/callback`)).rejects.toBeInstanceOf(TypeError)
  })

  it('gives up after three minutes', async () => {
    terminal.browser = async () => undefined
    const going = sallyport('auth', 'login')
    const wake = await terminal.asleep()
    wake()
    expect(await going).toBe(4)
    expect(terminal.stderr).toContain('Nobody signed in within three minutes.')
  })

  it('ends with 130 on Ctrl-C', async () => {
    terminal.browser = async () => undefined
    const going = sallyport('auth', 'login')
    const wake = await terminal.asleep()
    terminal.interruption.abort()
    wake()
    expect(await going).toBe(130)
    await expect(readdir(sessions())).rejects.toMatchObject({ code: 'ENOENT' })
  })

  it('needs to know the gateway', async () => {
    delete terminal.env.SALLYPORT_ENDPOINT
    expect(await sallyport('auth', 'login')).toBe(2)
    expect(terminal.stderr).toContain('next     Name it: --endpoint')
    await terminal.file('.config/sallyport/default.json', { issuer: server.issuer })
    expect(await sallyport('auth', 'login')).toBe(0)
  })

  it('signs in though the gateway does not say who it is', async () => {
    server.reply = () => ({ status: 503, body: {} })
    expect(await sallyport('auth', 'login')).toBe(0)
    expect(await stored()).toMatchObject({ person: 'person_1', organisation: 'halcyon' })
  })

  it('leaves no session alive that it could not keep', async () => {
    await mkdir(join(terminal.home, '.config', 'sallyport'), { recursive: true })
    await writeFile(sessions(), '')
    expect(await sallyport('auth', 'login')).toBe(1)
    expect(terminal.stderr).toContain('code     session_unwritable')
    expect([...server.people.sessions.values()].map(({ state }) => state)).toEqual(['ended'])
  })
})

describe('auth status', () => {
  beforeEach(async () => {
    await sallyport('auth', 'login')
    terminal.stderr = ''
  })

  it('shows who, where, until when, and that the sign-in is fresh', async () => {
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(terminal.stdout).toBe(
      `gateway    ${server.issuer}\n` +
        'person     Ada Lind of halcyon\n' +
        'id         person_1\n' +
        'roles      developer-admin\n' +
        'ends       2026-12-01 16:00 UTC\n' +
        `sign-in    fresh until ${shownFresh}\n` +
        'waits      nothing waits on you\n',
    )
    terminal.ahead = 301_000
    terminal.stdout = ''
    expect(await sallyport('auth', 'status', '--json')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toMatchObject({ signed_in: true, fresh: false, confirmed: true })
  })

  it('shows what waits on the person, with the command for it', async () => {
    const until = '2026-12-02T00:00:00Z'
    server.reply = () => ({
      body: {
        ...me,
        waits_on_me: {
          proposals: 1,
          stops: 1,
          at_least: true,
          items: [
            { kind: 'ratification', id: 'cedar', subject: 'organisation', text: 'Cedar is stopped.', until },
            { kind: 'proposal', id: 'proposal_1', subject: 'grant', text: 'grant.activate of Aurora', until },
          ],
        },
      },
    })
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(terminal.stdout).toContain('waits      on you: at least 1 proposal, 1 stop to stand by')
    expect(terminal.stdout).toContain('by 2026-12-02 00:00 UTC: Cedar is stopped.\n')
    for (const command of ['partner ratify cedar', 'proposal approve proposal_1'])
      expect(terminal.stdout).toContain(`           sallyport ${command}\n`)
  })

  it('counts appeals among what waits, where there are any', async () => {
    const item = { kind: 'appeal', id: 'appeal_1', subject: 'organisation', text: 'Cedar appeals.' }
    const items = [{ ...item, until: '2026-12-02T00:00:00Z' }]
    server.reply = () => ({
      body: { ...me, waits_on_me: { proposals: 0, stops: 0, appeals: 1, at_least: false, items } },
    })
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(terminal.stdout).toContain('on you: 0 proposals, 0 stops to stand by, 1 appeal to decide')
    expect(terminal.stdout).toContain('           sallyport appeal get appeal_1\n')
  })

  it('counts what agreements wait for, and names the command of each', async () => {
    const until = '2026-12-02T00:00:00Z'
    const waits = [
      ['signature', 'agreement sign'],
      ['acknowledgement', 'agreement acknowledge'],
      ['attestation', 'agreement attest'],
      ['review', 'review get'],
    ] as const
    const items = waits.map(([kind]) => ({ kind, id: `${kind}_1`, subject: 'agreement', text: kind, until }))
    server.reply = () => ({
      body: {
        ...me,
        waits_on_me: { proposals: 0, stops: 0, agreements: 3, reviews: 1, at_least: false, items },
      },
    })
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(terminal.stdout.replace(/\s+/g, ' ')).toContain(
      '3 agreements to act on, 1 access review to certify',
    )
    for (const [kind, command] of waits)
      expect(terminal.stdout).toContain(`           sallyport ${command} ${kind}_1\n`)
  })

  it('tells people of a stopped partner why, and how to appeal', async () => {
    const by = { name: 'Nora Quill', role: 'nsa-admin', organisation: 'ofr', at: '2026-11-27T00:00:00Z' }
    const reason = { code: 'security_incident', text: 'a key was seen', reference: null, sealed: false }
    const stop = { by, reason, entry: 'entry_1', ratify_by: '2026-11-28T00:00:00Z', ratified: null }
    const appeal = 'sallyport partner appeal entry_1'
    server.reply = () => ({
      body: { ...me, standing: { ...me.standing, organisation_stop: { ...stop, appeal } } },
    })
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(terminal.stdout).toContain('security_incident, entered by Nora Quill: “a key was seen”')
    expect(terminal.stdout).toContain('sallyport partner appeal entry_1')
    expect(terminal.stdout).not.toContain('to ratify')
  })

  it('takes the only session there is', async () => {
    delete terminal.env.SALLYPORT_ENDPOINT
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(terminal.stdout).toContain(server.issuer)
  })

  it('shows what was known where the gateway does not say', async () => {
    server.reply = () => ({ status: 500, body: {} })
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(terminal.stdout).toContain('Ada Lind of halcyon')
    expect(terminal.stderr).toContain('The gateway did not say')
  })

  it('is exit 4 where nobody is signed in, or no longer, and 5 where the person may not act', async () => {
    server.reply = () => ({
      status: 403,
      body: { title: 'The person is suspended.', code: 'person_suspended' },
    })
    expect(await sallyport('auth', 'status')).toBe(5)
    expect(terminal.stderr).toContain('code     person_suspended')
    for (const session of server.people.sessions.values()) session.state = 'ended'
    expect(await sallyport('auth', 'status')).toBe(4)
    expect(terminal.stderr).toContain(`You are not signed in at ${server.issuer}. the session has ended`)
    await sallyport('auth', 'logout')
    expect(await sallyport('auth', 'status', '--json')).toBe(4)
    expect(terminal.stderr).toContain('"next":"sallyport auth login"')
  })

  it('uses no session that others may read, and none that is not valid, and tells nothing of it', async () => {
    await chmod(file(), 0o640)
    expect(await sallyport('auth', 'status')).toBe(4)
    expect(terminal.stderr).toContain('code     file_exposed')
    await chmod(file(), 0o600)
    const { refresh_token: token, key } = await stored()
    await writeFile(file(), JSON.stringify({ ...(await stored()), key: token, app: key.d }))
    expect(await sallyport('auth', 'status')).toBe(4)
    expect(terminal.stderr).toMatch(/is\s+not valid: app, key/)
    expect(terminal.stderr).not.toContain(token)
    expect(terminal.stderr).not.toContain(key.d)
  })

  it('sends no session to another issuer than its own', async () => {
    await writeFile(file(), JSON.stringify({ ...(await stored()), issuer: 'https://other.example' }))
    const before = server.requests.length
    expect(await sallyport('auth', 'status')).toBe(4)
    expect(server.requests).toHaveLength(before)
  })
})

describe('auth logout', () => {
  it('ends the session at the gateway and removes the file', async () => {
    await sallyport('auth', 'login')
    expect(await sallyport('auth', 'logout')).toBe(0)
    expect([...server.people.sessions.values()].map(({ state }) => state)).toEqual(['ended'])
    expect(await readdir(sessions())).toEqual([])
    expect(await sallyport('auth', 'logout')).toBe(4)
  })

  it('removes the file also where the gateway is gone, and says what is left', async () => {
    await sallyport('auth', 'login')
    const path = file()
    await server.stop()
    expect(await sallyport('auth', 'logout')).toBe(1)
    expect(terminal.stderr).toContain('Signed out here, but not at the gateway')
    expect(() => readFileSync(path)).toThrow('ENOENT')
    await server.start()
  })
})

describe('the access token of a session', () => {
  const tokenFile = () => file().replace(/json$/, 'token')
  const kept = () => readFile(tokenFile(), 'utf8')
  beforeEach(async () => {
    await sallyport('auth', 'login')
    server.calls.length = 0
  })
  const tokens = () => new Set(server.calls.map(({ accessToken }) => accessToken))

  it('serves the commands that follow, from a file of mode 0600, and no command prints it', async () => {
    expect((await stat(tokenFile())).mode & 0o777).toBe(0o600)
    for (const command of ['status', 'status']) expect(await sallyport('auth', command, '--json')).toBe(0)
    expect(server.people.refreshed).toEqual([])
    expect([...tokens()]).toEqual([JSON.parse(await kept()).access_token])
    expect(terminal.stdout + terminal.stderr).not.toContain(JSON.parse(await kept()).access_token)
  })

  it('is replaced after half of its life', async () => {
    const before = await kept()
    terminal.ahead = 440_000
    await sallyport('auth', 'status')
    expect(server.people.refreshed).toHaveLength(0)
    terminal.ahead = 460_000
    await sallyport('auth', 'status')
    expect(server.people.refreshed).toHaveLength(1)
    expect(await kept()).not.toBe(before)
    expect((await stat(tokenFile())).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['with a clock that was set back', () => (terminal.ahead = -3_600_000)],
    ['that others may read', () => chmod(tokenFile(), 0o644)],
    ['that is not whole', () => writeFile(tokenFile(), '{"access_token":')],
    [
      'that says nothing of its key',
      async () => {
        const { key: _, ...rest } = JSON.parse(await kept())
        await writeFile(tokenFile(), JSON.stringify(rest))
      },
    ],
  ])('%s is not used, and another one is asked for', async (_, spoil) => {
    const { access_token: before } = JSON.parse(await kept())
    await spoil()
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(server.people.refreshed).toHaveLength(1)
    expect(tokens().has(before)).toBe(false)
  })

  it('of an earlier session is not used in the next', async () => {
    const earlier = await kept()
    await sallyport('auth', 'login')
    await writeFile(tokenFile(), earlier, { mode: 0o600 })
    server.calls.length = 0
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(server.people.refreshed).toHaveLength(1)
    expect(tokens().has(JSON.parse(earlier).access_token)).toBe(false)
  })

  it('goes with the session at sign-out, also where the gateway is gone', async () => {
    await sallyport('auth', 'logout')
    expect(await readdir(sessions())).toEqual([])
    await sallyport('auth', 'login')
    await server.stop()
    expect(await sallyport('auth', 'logout')).toBe(1)
    expect(await readdir(sessions())).toEqual([])
    await server.start()
  })

  it.each(['token_revoked', 'session_ended', 'token_invalid', 'key_compromised'])(
    'is forgotten at %s',
    async code => {
      server.reply = () => ({ status: 401, body: { title: 'No', code } })
      expect(await sallyport('auth', 'status')).toBe(4)
      await expect(kept()).rejects.toMatchObject({ code: 'ENOENT' })
    },
  )

  it.each([
    [401, 'fresh_sign_in_required'],
    [403, 'role_missing'],
  ])('stays at %i %s, which say nothing of it', async (status, code) => {
    const before = await kept()
    server.reply = () => ({ status, body: { title: 'No', code } })
    await sallyport('auth', 'status')
    expect(await kept()).toBe(before)
  })

  it('that cannot be kept stops no command', async () => {
    await rm(tokenFile())
    await mkdir(tokenFile())
    expect(await sallyport('auth', 'status')).toBe(0)
    expect(await sallyport('auth', 'logout')).toBe(0)
    expect([...server.people.sessions.values()].map(({ state }) => state)).toEqual(['ended'])
  })
})
