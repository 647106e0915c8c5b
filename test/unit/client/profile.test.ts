import { chmod } from 'node:fs/promises'
import { beforeEach, describe, expect, it } from 'vitest'
import { readProfile } from '../../../client/cli/profile.ts'
import { readKeyFile } from '../../../client/key-file.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

const secret = 'c2VjcmV0LXNlY3JldA'
const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y', d: secret }
const own = { issuer: 'https://gate.example', client_id: 'client_1', kid: 'kid_1', key, model: 'aurora' }
const partner = (id: string) => ({ id, client_id: `client_${id}`, kid: 'k', key, upstream_protocols: [] })
const demo = { issuer: 'http://127.0.0.1:1', partners: [partner('cedar'), partner('prairie')], people: [] }

let terminal: RecordedTerminal
beforeEach(() => {
  terminal = new RecordedTerminal()
})

const read = (name?: string) => readProfile(terminal, name, false)
const failure = (name?: string) => read(name).catch(error => error)

describe('a profile', () => {
  it('is a file of the configuration directory by its name, and any file by its path', async () => {
    await terminal.file('.config/sallyport/lab.json', own)
    expect(await read('lab')).toMatchObject({ client_id: 'client_1', model: 'aurora' })
    expect(await read(await terminal.file('elsewhere.json', own))).toMatchObject({ kid: 'kid_1' })
    terminal.env.XDG_CONFIG_HOME = `${terminal.home}/xdg`
    await terminal.file('xdg/sallyport/lab.json', { ...own, client_id: 'client_2' })
    expect(await read('lab')).toMatchObject({ client_id: 'client_2' })
  })

  it('may be one of the partners of the demo: the first, the one of a number, or of an id', async () => {
    const path = await terminal.file('data/demo/credentials.json', demo)
    expect(await read(path)).toMatchObject({ client_id: 'client_cedar', issuer: demo.issuer })
    expect(await read(`${path}#1`)).toMatchObject({ client_id: 'client_cedar' })
    expect(await read(`${path}#2`)).toMatchObject({ client_id: 'client_prairie' })
    expect(await read(`${path}#prairie`)).toMatchObject({ client_id: 'client_prairie' })
    expect(await failure(`${path}#3`)).toMatchObject({ exit: 4, message: expect.stringContaining('prairie') })
  })

  it('is default.json unless named, then the demo, which is said, and else an error that says what to do', async () => {
    expect(await failure()).toMatchObject({
      exit: 4,
      further: { next: expect.stringContaining('--profile') },
    })
    await terminal.file('data/demo/credentials.json', demo)
    expect(await read()).toMatchObject({ client_id: 'client_cedar' })
    expect(terminal.stderr).toContain('credentials.json')
    terminal.stderr = ''
    await readProfile(terminal, undefined, true)
    await terminal.file('.config/sallyport/default.json', own)
    expect(await read()).toMatchObject({ client_id: 'client_1' })
    expect(terminal.stderr).toBe('')
  })

  it('is refused while others may read it', async () => {
    const path = await terminal.file('open.json', own)
    for (const mode of [0o640, 0o604, 0o644, 0o660]) {
      await chmod(path, mode)
      expect(await failure(path)).toMatchObject({
        name: 'SecretFileError',
        code: 'file_exposed',
        message: expect.stringContaining('0600'),
        next: `chmod 600 ${path}`,
      })
    }
  })

  it('is told apart from an empty file, from one that was cut off, and from a directory', async () => {
    for (const [content, flaw] of [
      ['', 'is empty'],
      ['\n', 'is empty'],
      [JSON.stringify(own).slice(0, -9), 'ends too early'],
      ['-----BEGIN PRIVATE KEY-----', 'holds something else'],
      ['{ no }', 'holds something else'],
    ] as const) {
      const path = await terminal.file('flawed.json', content)
      expect(await failure(path), content).toMatchObject({
        code: 'file_malformed',
        message: `The file is not JSON: ${path} ${flaw}.`,
        next: 'Put the whole file there again.',
      })
    }
    expect(await failure(`${terminal.home}/`)).toMatchObject({
      code: 'file_malformed',
      message: `${terminal.home}/ is a directory.`,
      next: 'Name a file.',
    })
  })

  it('is not repeated by the error about it, neither as text nor as a field', async () => {
    const broken = [
      `{"key": {"d": "${secret}" oops`,
      { ...own, key: { ...key, crv: secret } },
      { ...own, key: secret },
      { ...demo, partners: [{ ...partner('x'), kid: [secret] }] },
      [secret],
      `"${secret}"`,
      'null',
    ]
    for (const content of broken) {
      const error = await failure(await terminal.file('broken.json', content))
      expect(error).toBeInstanceOf(Error)
      expect(`${error.message}${JSON.stringify(error)}`, JSON.stringify(content)).not.toContain(secret)
    }
    const wrong = await failure(await terminal.file('broken.json', { ...own, key: { ...key, crv: 'P-521' } }))
    expect(wrong.message).toContain('key.crv')
    expect(wrong.further.code).toBe('profile_invalid')
  })

  it('that is not there is told by its path', async () => {
    expect(await failure('nowhere')).toMatchObject({
      exit: 4,
      message: expect.stringContaining('nowhere.json'),
      further: { code: 'profile_missing', next: expect.stringContaining('--profile') },
    })
  })
})

describe('a key file', () => {
  it('holds one private JWK, and is private itself', async () => {
    expect(await readKeyFile(await terminal.file('key.json', { ...key, kid: 'k', use: 'sig' }))).toEqual({
      ...key,
      kid: 'k',
    })
    await expect(readKeyFile(await terminal.file('open.json', key, 0o644))).rejects.toThrow('0600')
    const { d: _, ...half } = key
    await expect(readKeyFile(await terminal.file('public.json', half))).rejects.toThrow('no private JWK')
  })
})
