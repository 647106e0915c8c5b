/** `sallyport verify`: what it says to people and to programs, and by which exit code, without asking anybody. */

import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { RecordedTerminal } from './recorded-terminal.ts'
import {
  cosigned,
  decisionOf,
  intentOf,
  type LogKeys,
  makeKeys,
  type SignedLog,
  signedLog,
} from './verify-world.ts'

const entries = Array.from({ length: 6 }, (_, n) => (n % 2 ? decisionOf(n) : intentOf(n)))
let keys: LogKeys
let log: SignedLog
let terminal: RecordedTerminal
beforeAll(async () => {
  keys = makeKeys()
  log = await signedLog(entries, { key: keys })
})
beforeEach(() => {
  terminal = new RecordedTerminal()
})

const verify = (...argv: string[]): Promise<number> => run(['verify', ...argv], terminal)
const plain = (text: string): string => text.replaceAll(/\s+/g, ' ')
const json = () => JSON.parse(terminal.stdout)
const error = () => JSON.parse(terminal.stderr).error

const recordFile = async (n: number, options = {}): Promise<string> =>
  terminal.file(`record-${n}.json`, JSON.stringify(await log.shown(n, options), null, 2))
const linesFile = async (name: string, places: readonly number[], options = {}): Promise<string> => {
  const records = await Promise.all(places.map(n => log.shown(n, options)))
  return terminal.file(name, records.map(one => `${JSON.stringify(one)}\n`).join(''))
}

let server: Server | undefined
afterEach(() => {
  server?.close()
  server = undefined
})

/** What was asked of it. */
async function serve(files: ReadonlyMap<string, Uint8Array>, asked: string[]): Promise<string> {
  const listening = createServer(({ url = '' }, response) => {
    asked.push(url)
    const bytes = files.get(url.replace('/log/', ''))
    response.writeHead(bytes ? 200 : 404).end(bytes)
  }).listen(0, '127.0.0.1')
  server = listening
  await new Promise(resolve => listening.once('listening', resolve))
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/log`
}

describe('verify record', () => {
  test('says what is proved, whose copy it is, and what is not shown', async () => {
    expect(await verify('record', await recordFile(1, { withheld: ['comment'] }), '--key', log.vkey)).toBe(0)
    expect(terminal.stderr).toBe('')
    const said = plain(terminal.stdout)
    expect(said).toContain('verified leaf 1 of the log gateway.example/log holds this record')
    expect(said).toContain(`entry ${log.eid(1)}`)
    expect(said).toContain('time 2026-11-27 09:00:00 UTC, to ten seconds')
    expect(said).toContain('tree 6 leaves, signed by the log')
    expect(said).toMatch(/copy of reader [0-9a-f]{16}: a pseudonym/)
    expect(said).toContain(
      'withheld comment: in the log, and not shown here; kept from that reader, or taken out of their copy',
    )
    expect(said).toContain('UNPROVED it stands here, and nothing vouches for it: sentence')
    expect(said).toContain('not shown that there is no further record')
    expect(terminal.stdout.split('\n').every(line => line.length <= 80)).toBe(true)
  })

  test('does not say of whom a field was kept: a reader who was shown it can take it out of their copy', async () => {
    const { field_salts, ...view } = (await log.shown(1)).view
    const { body, ...shown } = await log.shown(1)
    const { comment, ...rest } = body
    const salt = Buffer.from(field_salts?.comment ?? '', 'base64url')
    const hidden = createHash('sha256').update(Buffer.concat([Uint8Array.of(4), salt]))
    const hash = hidden.update(JSON.stringify(comment)).digest('base64url')
    const { comment: _, ...salts } = field_salts ?? {}
    const cut = {
      ...{ ...shown, body: rest, withheld: ['comment'] },
      view: { ...view, field_salts: salts, field_hashes: { comment: hash } },
    }
    terminal.input = JSON.stringify(cut)
    expect(await verify('record', '-', '--key', log.vkey)).toBe(0)
    expect(plain(terminal.stdout)).toContain('kept from that reader, or taken out of their copy')
  })

  test('tells a program the same', async () => {
    expect(await verify('record', await recordFile(1), '--key', log.vkey, '--json')).toBe(0)
    expect(json()).toMatchObject({
      verified: true,
      eid: log.eid(1),
      index: 1,
      size: 6,
      withheld: [],
      unproved: ['sentence'],
    })
  })

  test('takes the key from a file, as the log answers with it, and the record by stdin', async () => {
    terminal.input = JSON.stringify(await log.shown(2))
    expect(await verify('record', '-', '--key', await terminal.file('vkey', `${log.vkey}\n`))).toBe(0)
  })

  test('takes the first of several lines, and says so', async () => {
    const file = await linesFile('records.jsonl', [2, 3])
    expect(await verify('record', file, '--key', log.vkey)).toBe(0)
    expect(terminal.stdout).toContain(log.eid(2))
    expect(terminal.stderr).toContain('sallyport verify range')
  })

  test('ends with 6 where it was changed', async () => {
    const { body, ...shown } = await log.shown(1)
    const file = await terminal.file('record.json', { ...shown, body: { ...body, comment: 'Never agreed.' } })
    expect(await verify('record', file, '--key', log.vkey)).toBe(6)
    expect(plain(terminal.stdout)).toBe('NOT verified WRONG the body does not give the digest ')
    expect(terminal.stderr).toContain('verification_failed')
    terminal.stdout = terminal.stderr = ''
    expect(await verify('record', file, '--key', log.vkey, '--json')).toBe(6)
    expect(json()).toMatchObject({ verified: false, faults: [{ kind: 'contradicted' }] })
    expect(error()).toMatchObject({ exit: 6 })
  })

  test('ends with 1 where it has no slot: nothing contradicts it, and nothing proves it', async () => {
    const { view: _, ...bare } = await log.shown(1)
    expect(
      await verify('record', await terminal.file('record.json', bare), '--key', log.vkey, '--json'),
    ).toBe(1)
    expect(error()).toMatchObject({
      code: 'not_proved',
      field: 'view',
      next: expect.stringContaining('log get'),
    })
  })

  test('ends with 2 and the next step where it has no proof, and no log is named', async () => {
    const file = await recordFile(1, { at: null })
    expect(await verify('record', file, '--key', log.vkey, '--json')).toBe(2)
    expect(error()).toMatchObject({ code: 'option_missing', next: expect.stringContaining('--log') })
    const folder = join(terminal.home, 'log')
    await log.writeTo(folder)
    expect(await verify('record', file, '--key', log.vkey, '--log', folder)).toBe(0)
  })

  test('ends with 2 without a key, and says where a log serves it', async () => {
    expect(await verify('record', await recordFile(1), '--json')).toBe(2)
    expect(error()).toMatchObject({ code: 'key_missing', next: expect.stringContaining('/log/vkey') })
  })

  test.each([
    ['no JSON', 'not a record', 'no JSON'],
    ['a list', '[{"eid":1}]', 'is no object'],
    ['another thing', '{"agreement":"a"}', 'eid'],
    ['no UTF-8', Buffer.from([0x7b, 0xff]), 'UTF-8'],
  ])('ends with 2 where the file holds %s', async (_, content, what) => {
    const file = await terminal.file('record.json', '')
    await writeFile(file, content)
    expect(await verify('record', file, '--key', log.vkey)).toBe(2)
    expect(plain(terminal.stdout + terminal.stderr)).toContain(what)
  })

  test.each([
    ['record', '/nowhere/record.json'],
    ['range', '/nowhere/records.jsonl'],
    ['checkpoint', '/nowhere/checkpoint'],
  ])('%s ends with 2 where there is no file', async (verb, file) => {
    expect(await verify(verb, file, '--key', log.vkey, '--json')).toBe(2)
    expect(error()).toMatchObject({ code: 'file_unreadable' })
  })

  test('shows no control character of a file', async () => {
    const { proof: _, ...shown } = await log.shown(1)
    const hostile = { ...shown, '\u001b[2J\u202eevil': 1, proof: (await log.shown(1)).proof }
    expect(await verify('record', await terminal.file('record.json', hostile), '--key', log.vkey)).toBe(0)
    expect(terminal.stdout).toContain('evil')
    for (const control of ['\u001b', '\u202e']) expect(terminal.stdout).not.toContain(control)
  })
})

describe('verify range', () => {
  test('counts what is there and what is not', async () => {
    expect(await verify('range', await linesFile('a.jsonl', [0, 1, 4]), '--key', log.vkey)).toBe(0)
    const said = plain(terminal.stdout)
    expect(said).toContain('verified the log gateway.example/log holds 3 entries as they stand here')
    expect(said).toContain('leaves 0 to 4')
    expect(said).toContain('between 2 leaves between are not in this file: not for this reader, or left out')
    expect(terminal.stdout.split('\n').every(line => line.length <= 80)).toBe(true)
  })

  test('takes a list as one text too', async () => {
    const list = [await log.shown(0), await log.shown(1)]
    const file = await terminal.file('list.json', JSON.stringify(list, null, 2))
    expect(await verify('range', file, '--key', log.vkey, '--json')).toBe(0)
    expect(json()).toMatchObject({ verified: true, entries: 2, between: 0 })
  })

  test('compares two readers', async () => {
    const own = await linesFile('a.jsonl', [0, 1, 4])
    const others = await linesFile('b.jsonl', [1, 4, 5], { slot: 3 })
    expect(await verify('range', own, '--key', log.vkey, '--with', others)).toBe(0)
    const said = plain(terminal.stdout)
    expect(said).toContain('agree 2 entries: both were shown the same facts')
    expect(said).toContain(`only here 1 entry, not for the other reader, or kept from them: ${log.eid(0)}`)
    expect(said).toContain(`only there 1 entry, not for the other reader, or kept from them: ${log.eid(5)}`)
  })

  test('names the line and the field that are wrong', async () => {
    const [one, two] = [JSON.stringify(await log.shown(0)), await log.shown(1)]
    const file = await terminal.file(
      'a.jsonl',
      `${one}\n\n${JSON.stringify({ ...two, view: { ...two.view, type: 'x' } })}\n`,
    )
    expect(await verify('range', file, '--key', log.vkey)).toBe(2)
    expect(plain(terminal.stdout)).toContain('UNREADABLE line 3: view.type: is no whole number')
    const changed = await terminal.file(
      'b.jsonl',
      `${one}\n${JSON.stringify(two).replace('"cedar"', '"maple"')}\n`,
    )
    terminal.stdout = ''
    expect(await verify('range', changed, '--key', log.vkey)).toBe(6)
    const said = plain(terminal.stdout)
    expect(said).toContain('NOT verified WRONG line 2: the body does not give the digest proved')
    expect(said).not.toMatch(/^verified/)
  })

  test('does not take both files by stdin', async () => {
    expect(await verify('range', '-', '--with', '-', '--key', log.vkey)).toBe(2)
  })
})

describe('verify checkpoint', () => {
  const checkpointFile = (name: string, note = log.checkpoint) => terminal.file(name, note)

  test('says whose word it is, and what it does not show', async () => {
    expect(await verify('checkpoint', await checkpointFile('checkpoint'), '--key', log.vkey)).toBe(0)
    const said = plain(terminal.stdout)
    expect(said).toContain('verified the log gateway.example/log has signed this checkpoint, by its key')
    expect(said).toContain('that others are shown the same tree (--witness)')
  })

  test('shows by the tiles of a folder that the tree has grown', async () => {
    const folder = join(terminal.home, 'log')
    await log.writeTo(folder)
    const older = await checkpointFile('older', log.checkpointAt(4))
    const argv = ['checkpoint', await checkpointFile('checkpoint'), '--key', log.vkey, '--older', older]
    expect(await verify(...argv, '--log', folder)).toBe(0)
    expect(plain(terminal.stdout)).toContain('grown the tree of 4 leaves is its beginning')
    expect(await verify(...argv)).toBe(1)
    expect(terminal.stderr).toContain('--log')
  })

  test('asks an address for tiles, and for nothing else', async () => {
    const asked: string[] = []
    const url = await serve(log.files, asked)
    const older = await checkpointFile('older', log.checkpointAt(4))
    const file = await checkpointFile('checkpoint')
    expect(await verify('checkpoint', file, '--key', log.vkey, '--older', older, '--log', url)).toBe(0)
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.filter(path => !path.startsWith('/log/tile/'))).toEqual([])
  })

  test('ends with 6 where the log has signed two trees', async () => {
    const other = await signedLog([decisionOf(99), ...entries.slice(1)], { key: keys })
    const older = await checkpointFile('older', other.checkpoint)
    expect(
      await verify('checkpoint', await checkpointFile('checkpoint'), '--key', log.vkey, '--older', older),
    ).toBe(6)
    expect(plain(terminal.stdout)).toContain('WRONG the log has signed two trees of 6 leaves')
  })

  test('wants the word of every witness that is named', async () => {
    const { note, vkey } = await cosigned(log.checkpoint)
    const file = await checkpointFile('cosigned', note)
    expect(await verify('checkpoint', file, '--key', log.vkey, '--witness', vkey)).toBe(0)
    expect(plain(terminal.stdout)).toContain('cosigned by witness.example/w1, 2026-11-27 09:00:00 UTC')
    const bare = await checkpointFile('bare')
    expect(await verify('checkpoint', bare, '--key', log.vkey, '--witness', vkey, '--json')).toBe(1)
    expect(error()).toMatchObject({ field: 'witness' })
  })

  test.each(['http://log.example/log', 'https://log.example/log?x=1'])('asks nothing of %s', async url => {
    expect(
      await verify('checkpoint', await checkpointFile('checkpoint'), '--key', log.vkey, '--log', url),
    ).toBe(2)
  })

  test.each(['a+b', 'gateway.example/log+00000000+AQ=='])('ends with 2 where %s is the key', async key => {
    expect(await verify('checkpoint', await checkpointFile('checkpoint'), '--key', key)).toBe(2)
  })
})
