/** `sallyport verify` in the hands of somebody who names the wrong thing: no false alarm, no false calm, the right next step. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { formatVerifierKey, keyType } from '../../../shared/tlog/note.ts'
import { limitsOf, play, record } from './budget-world.ts'
import { bundleZip, makeBundle } from './bundle-world.ts'
import { RecordedTerminal } from './recorded-terminal.ts'
import { intentOf, makeKeys, type SignedLog, signedLog } from './verify-world.ts'

const entries = Array.from({ length: 6 }, (_, n) => intentOf(n))
let log: SignedLog
/** Another log's, of the same name. */
let other: SignedLog
let terminal: RecordedTerminal
beforeAll(async () => {
  log = await signedLog(entries)
  other = await signedLog(entries)
})
beforeEach(() => {
  terminal = new RecordedTerminal()
})

const verify = (...argv: string[]): Promise<number> => run(['verify', ...argv], terminal)
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ')
const error = () => JSON.parse(terminal.stderr).error
const recordsFile = async (): Promise<string> => {
  const records = await Promise.all(entries.map((_, n) => log.shown(n)))
  return terminal.file('records.jsonl', records.map(one => `${JSON.stringify(one)}\n`).join(''))
}

describe('a checkpoint', () => {
  test.each([
    ['nothing', ''],
    ['something else', '{"eid":"entry_1"}\n'],
  ])('that is %s cannot be read: nobody has tampered with it', async (_, text) => {
    expect(
      await verify('checkpoint', await terminal.file('checkpoint', text), '--key', log.vkey, '--json'),
    ).toBe(2)
    expect(error()).toMatchObject({ next: expect.stringContaining('/log/checkpoint') })
  })

  test('whose line ends were changed on its way is told so, and is no tampering', async () => {
    const file = await terminal.file('checkpoint', log.checkpoint.replaceAll('\n', '\r\n'))
    expect(await verify('checkpoint', file, '--key', log.vkey)).toBe(2)
    expect(plain(terminal.stdout)).toContain('CR LF')
  })

  test('of another log than that of the key is the wrong key, as it is for a record', async () => {
    const foreign = await formatVerifierKey('other.example/log', keyType.ed25519, makeKeys().raw)
    const file = await terminal.file('checkpoint', log.checkpoint)
    expect(await verify('checkpoint', file, '--key', foreign, '--json')).toBe(2)
    expect(error()).toMatchObject({ next: expect.stringContaining('--key') })
  })

  test('without the signature of the key that was named sends back to the key first', async () => {
    const file = await terminal.file('checkpoint', log.checkpoint)
    expect(await verify('checkpoint', file, '--key', other.vkey, '--json')).toBe(6)
    expect(error()).toMatchObject({ next: expect.stringContaining('--key') })
  })

  test('that is older than the one kept may be named the wrong way round, or the log has gone back', async () => {
    const newer = await terminal.file('newer', log.checkpoint)
    const older = await terminal.file('older', log.checkpointAt(2))
    expect(await verify('checkpoint', older, '--older', newer, '--key', log.vkey, '--json')).toBe(2)
    expect(error()).toMatchObject({ next: expect.stringMatching(/way round.*operator/) })
  })

  test('is not read from an address, and the error says how', async () => {
    expect(
      await verify('checkpoint', 'https://log.example/log/checkpoint', '--key', log.vkey, '--json'),
    ).toBe(2)
    expect(error()).toMatchObject({ next: expect.stringContaining('curl') })
  })

  test('with a log that does not answer sends back to --log', async () => {
    const file = await terminal.file('checkpoint', log.checkpoint)
    const address = 'http://127.0.0.1:9/log'
    expect(await verify('checkpoint', file, '--key', log.vkey, '--log', address, '--json')).toBe(1)
    expect(error()).toMatchObject({ next: expect.stringContaining('--log') })
  })
})

describe('the key of a log in place of a witness’s', () => {
  test('is a wrong word of the user, for a checkpoint', async () => {
    const file = await terminal.file('checkpoint', log.checkpoint)
    expect(await verify('checkpoint', file, '--key', log.vkey, '--witness', log.vkey, '--json')).toBe(2)
    expect(error()).toMatchObject({ field: 'witness', next: expect.stringContaining('--witness') })
  })

  test('and for a bundle: nothing of it was changed', async () => {
    const bundle = await makeBundle(
      log,
      entries.map((_, n) => n),
    )
    const file = join(terminal.home, 'bundle.zip')
    await writeFile(file, bundleZip(bundle))
    expect(await verify('bundle', file, '--key', log.vkey, '--witness', log.vkey, '--json')).toBe(2)
    expect(error()).toMatchObject({ field: 'witness', next: expect.stringContaining('--witness') })
  })
})

describe('records', () => {
  test('that are all wrong in one way are told of once', async () => {
    expect(await verify('range', await recordsFile(), '--key', other.vkey)).toBe(6)
    expect(plain(terminal.stdout)).toContain('WRONG line 1, line 2, line 3 and 3 more: ')
    expect(terminal.stdout.match(/WRONG/g)).toHaveLength(1)
  })

  test('with a key that is none send back to the key', async () => {
    const file = await recordsFile()
    const wrong = `${log.vkey.split('+')[0]}+00000000+${log.vkey.split('+')[2]}`
    expect(await verify('range', file, '--key', wrong, '--json')).toBe(2)
    expect(error()).toMatchObject({ field: 'key', next: expect.stringContaining('--key') })
  })

  test('given as one send on to verify range', async () => {
    const file = await terminal.file('list.json', JSON.stringify([await log.shown(0)]))
    expect(await verify('record', file, '--key', log.vkey, '--json')).toBe(2)
    expect(error()).toMatchObject({ next: expect.stringContaining('verify range') })
  })
})

test('two bundles without a record in common agree in nothing', async () => {
  const zipOf = async (places: readonly number[]): Promise<string> => {
    const file = join(terminal.home, `${places[0]}.zip`)
    await writeFile(file, bundleZip(await makeBundle(log, places)))
    return file
  }
  const [one, two] = [await zipOf([0, 1]), await zipOf([3, 4])]
  expect(await verify('bundle', one, '--key', log.vkey, '--with', two)).toBe(0)
  expect(plain(terminal.stdout)).toContain('agree in nothing: they have no record in common')
})

describe('a limit', () => {
  const { entries: told } = play(limitsOf(1_000, 600), [
    { do: 'call', tokens: 100, after: 0 },
    { do: 'end', which: 0, part: 0.5, after: 1_000 },
  ])
  const budget = async (limit: string): Promise<number> =>
    verify(
      'budget',
      await terminal.file(
        'records',
        told.map(one => JSON.stringify({ digest: null, ...record(one) })).join('\n'),
      ),
      ...['--limit', limit],
    )

  test('that somebody names for the only budget counts, whatever the records tell', async () => {
    expect(await budget('total=90')).toBe(6)
    expect(plain(terminal.stdout)).toContain('limits 90 tokens in all')
    expect(await budget('total=1000,per_day=600')).toBe(0)
  })

  test('of a day alone is refused with what is missing', async () => {
    expect(await budget('per_day=600')).toBe(2)
    expect(plain(terminal.stderr)).toContain('total=')
    expect(plain(terminal.stderr)).not.toContain('is none')
  })
})
