import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { ApiRefused } from '../../../client/api.ts'
import { run } from '../../../client/cli/program.ts'
import { enrol, generateClientKey } from '../../../client/enrol.ts'
import { DiscoveryFailed } from '../../../client/index.ts'
import { reason } from '../functions/governance/client-world.ts'
import { type EnrolmentService, startEnrolmentService } from './enrolment-service.ts'
import { FakeGateway } from './fake-gateway.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

let service: EnrolmentService
let terminal: RecordedTerminal
beforeAll(async () => {
  service = await startEnrolmentService()
})
afterAll(() => service.stop())
beforeEach(() => {
  terminal = new RecordedTerminal()
  service.lose = false
  service.sent.length = 0
})

const folder = (): string => join(terminal.home, '.config', 'sallyport')
const path = (name: string): string => join(folder(), `${name}.json`)
const read = async (name: string) => JSON.parse(await readFile(path(name), 'utf8'))
const files = async (): Promise<readonly string[]> => (await readdir(folder())).sort()
const cli = (...argv: string[]): Promise<number> => run(['--endpoint', service.issuer, ...argv], terminal)
async function enroll(ticket: string, ...argv: string[]): Promise<number> {
  terminal.input = `${ticket}\n`
  return cli('client', 'enroll', '--ticket-file', '-', ...argv)
}
const rotation = (client: string, overlap_hours = 24) =>
  service.world.ticketFor('priya', { kind: 'rotate', client, overlap_hours, reason })

describe('the SDK', () => {
  test.each(['ES256', 'ES384', 'Ed25519'] as const)(
    'enrols a key for %s and sends its public half',
    async alg => {
      const key = await generateClientKey(alg)
      const ticket = await service.world.ticketFor('priya')
      const enrolled = await enrol({ issuer: `${service.issuer}/`, ticket, key })
      expect(enrolled).toMatchObject({
        kid: key.kid,
        organisation: 'cedar',
        issuer: service.issuer,
        state: 'enrolled',
      })
      expect((await service.world.client(enrolled.clientId)).keys).toMatchObject([{ kid: key.kid, alg }])
      expect(service.sent.join()).not.toContain(key.d)
      expect(await enrol({ issuer: service.issuer, ticket, key })).toEqual(enrolled)
    },
  )

  test('says why it was refused', async () => {
    const refused = enrol({
      issuer: service.issuer,
      ticket: Buffer.alloc(32, 9).toString('base64url'),
      key: await generateClientKey(),
    })
    await expect(refused).rejects.toThrow(ApiRefused)
    await expect(refused).rejects.toMatchObject({ status: 403, code: 'ticket_invalid' })
  })

  test('sends the ticket to nobody who calls itself otherwise', async () => {
    const other = await new FakeGateway().start()
    other.metadata = { issuer: 'https://gate.example' }
    const key = await generateClientKey()
    const ticket = Buffer.alloc(32, 9).toString('base64url')
    await expect(enrol({ issuer: other.issuer, ticket, key })).rejects.toThrow(DiscoveryFailed)
    expect(other.requests).toEqual(['GET /.well-known/oauth-authorization-server'])
    await other.stop()
  })
})

describe('sallyport client enroll', () => {
  test('makes a profile by which the next command works at once', async () => {
    expect(await enroll(await service.world.ticketFor('priya'), '--purpose', 'defence')).toBe(0)
    const profile = await read('default')
    expect(profile).toMatchObject({
      issuer: service.issuer,
      purpose: 'defence',
      key: { kty: 'EC', crv: 'P-256' },
    })
    expect((await stat(path('default'))).mode & 0o777).toBe(0o600)
    expect(await files()).toEqual(['default.json'])
    expect(terminal.stderr).toContain(profile.client_id)
    expect(terminal.stdout + terminal.stderr).not.toContain(profile.key.d)
    expect(await run(['quota', '--json'], terminal)).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual([])
  })

  test('takes the ticket from a file that others cannot read', async () => {
    const ticket = await service.world.ticketFor('priya')
    const file = await terminal.file('ticket', `${ticket}\n`, 0o600)
    await chmod(file, 0o644)
    expect(await cli('client', 'enroll', '--ticket-file', file)).toBe(4)
    expect(terminal.stderr).toContain('0600')
    await chmod(file, 0o600)
    expect(await cli('--json', '--profile', 'edge', 'client', 'enroll', '--ticket-file', file)).toBe(0)
    expect(JSON.parse(terminal.stdout)).toMatchObject({ organisation: 'cedar', profile: path('edge') })
  })

  test('refuses a ticket among the arguments, and does not repeat it', async () => {
    const ticket = await service.world.ticketFor('priya')
    for (const argv of [['--ticket', ticket], [`--ticket=${ticket}`]])
      expect(await cli('client', 'enroll', ...argv)).toBe(2)
    expect(terminal.stderr).toContain('secret_as_argument')
    expect(terminal.stderr).not.toContain(ticket)
    expect(service.sent).toEqual([])
    terminal.input = ticket
    expect(await cli('client', 'enroll', '--ticket', '-')).toBe(0)
  })

  test('leaves a profile that is there as it is, and the ticket unused', async () => {
    await terminal.file(join('.config', 'sallyport', 'default.json'), { mine: true })
    expect(await enroll(await service.world.ticketFor('priya'))).toBe(1)
    expect(terminal.stderr).toContain('profile_exists')
    expect(service.sent).toEqual([])
    expect(await read('default')).toEqual({ mine: true })
  })

  test('whose answer was lost is repeated with the same key, and gives the same client', async () => {
    const ticket = await service.world.ticketFor('priya')
    service.lose = true
    expect(await enroll(ticket)).toBe(1)
    service.lose = false
    const [kept = '', ...others] = await files()
    expect(others).toEqual([])
    expect(kept).toMatch(/^\.enrolling-[0-9a-f]{16}\.json$/)
    expect((await stat(join(folder(), kept))).mode & 0o777).toBe(0o600)
    const { kid } = JSON.parse(await readFile(join(folder(), kept), 'utf8'))
    expect(await enroll(ticket, '--profile', 'edge')).toBe(0)
    expect(service.sent).toHaveLength(2)
    const profile = await read('edge')
    expect(profile.kid).toBe(kid)
    expect((await service.world.client(profile.client_id)).keys).toMatchObject([{ kid }])
    expect(await files()).toEqual(['edge.json'])
  })

  test('that is refused leaves nothing behind', async () => {
    expect(await enroll(Buffer.alloc(32, 9).toString('base64url'))).toBe(5)
    expect(terminal.stderr).toContain('ticket_invalid')
    expect(await files()).toEqual([])
  })

  test('asks which gateway is meant, and for what is a ticket', async () => {
    terminal.input = 'no ticket'
    expect(await cli('client', 'enroll')).toBe(2)
    expect(terminal.stderr).toContain('ticket_malformed')
    terminal.input = Buffer.alloc(32, 9).toString('base64url')
    expect(await run(['--profile', 'edge', 'client', 'enroll'], terminal)).toBe(2)
    expect(terminal.stderr).toContain('issuer_missing')
  })
})

describe('sallyport client rotate', () => {
  async function enrolled() {
    expect(await enroll(await service.world.ticketFor('priya'))).toBe(0)
    return read('default')
  }
  async function rotate(ticket: string, ...argv: string[]): Promise<number> {
    terminal.input = ticket
    return run(['client', 'rotate', '--ticket-file', '-', ...argv], terminal)
  }

  test('switches the profile to the new key, and both work meanwhile', async () => {
    const before = await enrolled()
    expect(await rotate(await rotation(before.client_id))).toBe(0)
    const after = await read('default')
    expect({ ...after, key: 0, kid: 0 }).toEqual({ ...before, key: 0, kid: 0 })
    expect(after.kid).not.toBe(before.kid)
    expect(await files()).toEqual(['default.json'])
    await writeFile(path('old'), JSON.stringify(before), { mode: 0o600 })
    for (const profile of ['default', 'old'])
      expect(await run(['--profile', profile, 'quota'], terminal)).toBe(0)
  })

  test('keeps the rest of a file with several clients', async () => {
    const before = await enrolled()
    const others = { issuer: service.issuer, people: [{ name: 'x' }] }
    const partners = [
      { ...before, client_id: 'client_other', id: 'prairie' },
      { ...before, id: 'cedar', model: 'aurora' },
    ]
    const file = await terminal.file('credentials.json', { ...others, partners })
    expect(await rotate(await rotation(before.client_id), '--profile', `${file}#2`)).toBe(0)
    const after = JSON.parse(await readFile(file, 'utf8'))
    expect(after).toMatchObject({ ...others, partners: [partners[0], { id: 'cedar', model: 'aurora' }] })
    expect(after.partners[1].kid).not.toBe(before.kid)
    expect(await run(['--profile', `${file}#cedar`, 'quota'], terminal)).toBe(0)
  })

  test('that broke off after the registration is finished without a ticket', async () => {
    const before = await enrolled()
    service.lose = true
    expect(await rotate(await rotation(before.client_id, 0))).toBe(1)
    service.lose = false
    expect((await read('default')).kid).toBe(before.kid)
    expect(await run(['quota'], terminal)).not.toBe(0)
    expect(await run(['client', 'rotate'], terminal)).toBe(0)
    expect(terminal.stderr).toContain('is done')
    expect(await files()).toEqual(['default.json'])
    expect(await run(['quota'], terminal)).toBe(0)
  })

  test('that broke off before it goes on with the same key', async () => {
    const before = await enrolled()
    const key = await generateClientKey()
    const kept = `.default.rotating-${before.client_id}.json`
    const pending = { issuer: service.issuer, client_id: before.client_id, kid: key.kid, key }
    await terminal.file(join('.config', 'sallyport', kept), pending)
    expect(await rotate(await rotation(before.client_id))).toBe(0)
    expect((await read('default')).kid).toBe(key.kid)
  })

  test('that broke off with a key which is over makes a new one the next time', async () => {
    const before = await enrolled()
    const key = await generateClientKey()
    const kept = `.default.rotating-${before.client_id}.json`
    const pending = { issuer: service.issuer, client_id: before.client_id, kid: key.kid, key }
    await enrol({ issuer: service.issuer, ticket: await rotation(before.client_id), key })
    await enrol({
      issuer: service.issuer,
      ticket: await rotation(before.client_id, 0),
      key: await generateClientKey(),
    })
    await terminal.file(join('.config', 'sallyport', kept), pending)
    const ticket = await rotation(before.client_id)
    expect(await rotate(ticket)).toBe(1)
    expect(terminal.stderr).toContain('Run it again')
    expect(await rotate(ticket)).toBe(0)
    expect(await run(['quota'], terminal)).toBe(0)
    expect(await files()).toHaveLength(2)
  })

  test('with the ticket of another client leaves this one as it is, and loses no key', async () => {
    const before = await enrolled()
    expect(await rotate(await service.world.ticketFor('priya'))).toBe(1)
    expect(terminal.stderr).toContain('ticket_of_another')
    expect(await read('default')).toEqual(before)
    const own = (await files()).find(name => name.includes('client_'))
    expect(await run(['--profile', join(folder(), own ?? ''), 'quota'], terminal)).toBe(0)
  })
})
