/** Findings on the command line, against a gateway that says what the test wants. */
import { writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { advisoryOf } from '../../../shared/csaf/advisory.ts'
import { type FakeGateway, recordsOf } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
let folder: string
const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-finding-'))
  ;({ gateway, terminal } = await signedIn())
})
afterEach(async () => {
  await gateway.stop()
  await rm(folder, { recursive: true })
})

const changes = () =>
  gateway.calls
    .filter(({ method, proof }) => method !== 'GET' && proof.nonce === gateway.nonce)
    .map(({ method, path, body, headers }) => ({
      to: `${method} ${path.replace('/api/v1', '')}`,
      body: JSON.parse(body || 'null'),
      version: headers['if-match'],
    }))

const at = Date.parse('2026-11-27T06:00:00Z')
const decided = {
  step: 'applied',
  subject: { kind: 'finding', id: 'finding_1', name: 'the vulnerability of aurora', model: 'aurora' },
  entry: 'entry_1',
  difference: [],
  effects: {},
  proposals: [],
}
const by = { name: 'Priya Nair', role: 'partner-admin', organisation: 'cedar', at: '2026-11-27T09:34:00Z' }
const finding = {
  ...{ id: 'finding_1', kind: 'vulnerability', state: 'handed_off', severity: 'high', organisation: 'cedar' },
  ...{ model: 'aurora', developer: 'halcyon', agreement: 'agreement_1', clause: 'report-1', late: true },
  ...{
    discovered_at: '2026-11-20T00:00:00Z',
    reported_at: '2026-11-27T09:34:00Z',
    due_at: '2026-11-21T00:00:00Z',
  },
  ...{
    embargo_until: '2027-02-25T09:34:00Z',
    withheld: false,
    title: 'A \u001b[31mtitle',
    text: 'One\ntwo',
    by,
  },
  ...{ entry: 'entry_1', handed_to: ['ofr'], shared_with: [], resolved: null },
  hand_off: {
    to: 'ofr',
    by,
    at: by.at,
    sha256: 'a'.repeat(64),
    attempts: 1,
    next_at: '2026-11-27T09:35:00Z',
    receipt: null,
  },
}
const withheld = { ...finding, withheld: true, title: null, text: null, by: null, hand_off: null }
const why = ['--reason', 'operational', '--text', 'as agreed'] as const
const reason = { code: 'operational', text: 'as agreed' }

const told = [
  ...['finding', 'report', '--kind', 'vulnerability', '--model', 'aurora', '--severity', 'high'],
  ...['--title', 'A title', '--discovered', '2026-11-27T06:00:00Z'],
]
const sent = {
  ...{ kind: 'vulnerability', model: 'aurora', severity: 'high', title: 'A title' },
  discovered_at: '2026-11-27T06:00:00Z',
}

describe('finding report', () => {
  test('takes the words from a file, from stdin, or from the command', async () => {
    gateway.reply = recordsOf(decided, {})
    const file = join(folder, 'words.txt')
    writeFileSync(file, 'From a file.\nTwo lines.')
    expect(await cli(...told, '--from', file)).toBe(0)
    expect(
      await cli(...told, '--text', 'In the command.', '--embargo', '0', '--agreement', 'agreement_1'),
    ).toBe(0)
    expect(changes()).toEqual([
      { to: 'POST /findings', body: { ...sent, text: 'From a file.\nTwo lines.' }, version: undefined },
      {
        to: 'POST /findings',
        body: { ...sent, text: 'In the command.', embargo_days: 0, agreement: 'agreement_1' },
        version: undefined,
      },
    ])
    expect(terminal.stdout).toContain('entry_1')
    expect(terminal.stderr).toContain('sallyport finding get finding_1')
  })

  test.each([
    ['without words', [], 'text_missing'],
    ['with words twice', ['--text', 'x', '--from', 'y'], undefined],
    ['with a file that is not there', ['--from', '/nowhere/words.txt'], 'file_unreadable'],
    ['with an embargo beyond a year', ['--text', 'x', '--embargo', '366'], 'option_invalid'],
  ])('%s is refused, and nothing is sent', async (_, further, code) => {
    gateway.reply = recordsOf(decided, {})
    expect(await cli(...told, ...further)).toBe(2)
    expect(changes()).toEqual([])
    if (code) expect(terminal.stderr).toContain(code)
  })
})

describe('finding get and list', () => {
  test('tell what was found in quotes, how late it came, and that no receipt is there yet', async () => {
    gateway.reply = recordsOf(decided, { '/findings/finding_1': finding })
    expect(await cli('finding', 'get', 'finding_1')).toBe(0)
    expect(terminal.stdout).not.toContain('\u001b')
    for (const text of [
      '“One / two”',
      'it came LATE',
      'agreement_1, clause report-1',
      '1 time, no receipt yet',
    ])
      expect(terminal.stdout).toContain(text)
  })

  test('say that words are withheld, and until when', async () => {
    gateway.reply = recordsOf(decided, {
      '/findings/finding_1': withheld,
      '/findings': { items: [withheld], next: null },
    })
    expect(await cli('finding', 'get', 'finding_1')).toBe(0)
    expect(await cli('finding', 'list')).toBe(0)
    expect(terminal.stdout.match(/under embargo until 2027-02-25 09:34 UTC/g)).toHaveLength(2)
  })
})

describe('a pattern', () => {
  const pattern = {
    ...finding,
    ...{ id: 'finding_2', kind: 'pattern', state: 'reported', severity: 'medium', organisation: 'halcyon' },
    ...{
      clause: 'no-extraction-1',
      late: false,
      due_at: null,
      embargo_until: null,
      by: null,
      hand_off: null,
    },
    ...{
      title: '62 % of the replies went to several clients',
      about: 'cedar',
      clients: ['client_1', 'client_2'],
    },
    measures: {
      ...{
        pattern: 'repetition',
        day: '2026-11-26',
        replies: 1_240,
        clients: 24,
        words: 96_000,
        threshold: 40,
      },
      ...{ matching: 770, percent: 62, median: null, factor: null },
    },
    next: ['sallyport finding resolve finding_2 --from done.txt', 'sallyport agreement suspend agreement_1'],
  }

  test('is told with its figures, whom it is about, and the commands by which a person decides', async () => {
    gateway.reply = recordsOf(decided, { '/findings/finding_2': pattern })
    expect(await cli('finding', 'get', 'finding_2')).toBe(0)
    for (const line of [
      'about      cedar, who is not shown it\n',
      'pattern    repetition on 2026-11-26, UTC\n',
      'measured   770 of 1,240 replies, 62 %; the threshold is 40 %\n',
      'clients    24; most went to client_1 client_2\n',
      'next       sallyport finding resolve finding_2 --from done.txt\n',
      '           sallyport agreement suspend agreement_1\n',
      'reporter   nobody: the gateway has found it\n',
      'agreement  agreement_1, clause no-extraction-1\n',
    ])
      expect(terminal.stdout).toContain(line)
  })

  test('of volume, by the median', async () => {
    const measures = { ...pattern.measures, pattern: 'volume', threshold: 10, median: 8_000, factor: 12 }
    gateway.reply = recordsOf(decided, { '/findings/finding_2': { ...pattern, measures } })
    expect(await cli('finding', 'get', 'finding_2')).toBe(0)
    expect(terminal.stdout).toContain('measured   96,000 words, 12 times 8,000; the threshold is 10 times\n')
  })

  test('is listed by its kind, as found and not as reported', async () => {
    gateway.reply = recordsOf(decided, { '/findings': { items: [pattern], next: null } })
    expect(await cli('finding', 'list', '--kind', 'pattern')).toBe(0)
    expect(terminal.stdout).toContain('found in what cedar was sent on 2026-11-26')
    expect(gateway.calls.some(({ path }) => path.includes('kind=pattern'))).toBe(true)
    expect(await cli('--output', 'csv', 'finding', 'list')).toBe(0)
    expect(terminal.stdout).toContain('agreement_1,no-extraction-1,cedar,repetition,2026-11-26')
  })

  test('is reported by nobody', async () => {
    expect(await cli(...told.map(word => (word === 'vulnerability' ? 'pattern' : word)), '--text', 'x')).toBe(
      2,
    )
    expect(changes()).toEqual([])
  })
})

describe('decisions about a finding', () => {
  test('are made on the version that was seen, in the words of the API', async () => {
    gateway.reply = recordsOf(decided, { '/findings/finding_1': finding })
    const helps = ['--status', 'known-affected', '--remediation', 'vendor-fix', '--details', 'Update.']
    expect(await cli('finding', 'hand-off', 'finding_1', '--to', 'ofr', ...helps, ...why)).toBe(0)
    expect(await cli('finding', 'share', 'finding_1', '--with', 'ofr', ...why)).toBe(0)
    expect(await cli('finding', 'share', 'finding_1', '--with', 'ofr', '--end', ...why)).toBe(0)
    expect(await cli('finding', 'resolve', 'finding_1', '--text', 'Fixed.')).toBe(0)
    const at = '/findings/finding_1'
    expect(changes()).toEqual([
      {
        to: `POST ${at}/hand_off`,
        body: {
          ...{ to: 'ofr', status: 'known_affected', reason },
          remediation: { category: 'vendor_fix', details: 'Update.' },
        },
        version: '"7"',
      },
      { to: `POST ${at}/share`, body: { organisation: 'ofr', shared: true, reason }, version: '"7"' },
      { to: `POST ${at}/share`, body: { organisation: 'ofr', shared: false, reason }, version: '"7"' },
      { to: `POST ${at}/resolve`, body: { text: 'Fixed.' }, version: '"7"' },
    ])
  })

  test('a remediation has a category and its words', async () => {
    gateway.reply = recordsOf(decided, { '/findings/finding_1': finding })
    expect(
      await cli('finding', 'hand-off', 'finding_1', '--to', 'ofr', '--remediation', 'workaround', ...why),
    ).toBe(2)
    expect(changes()).toEqual([])
  })

  test('advisory is told to people; as it was signed, and with its signature, by --json', async () => {
    const { text, digest } = advisoryOf({
      finding: {
        ...{ id: 'finding_1', kind: 'vulnerability', severity: 'high', title: 'It repeats', salt: 'c2FsdA' },
        text: 'Replies repeat\nthe prompt \u001b[2Kof somebody.',
        ...{ discoveredAt: at, reportedAt: at + 3_600_000, embargoUntil: at + 86_400_000 },
      },
      model: { id: 'aurora-preview', name: 'Aurora' },
      developer: { id: 'halcyon', name: 'Halcyon Research' },
      issuer: 'https://gateway.example',
      at: at + 7_200_000,
      status: 'known_affected',
      remediation: { category: 'workaround', details: 'Ask one at a time.' },
    })
    const told = { document: text, sha256: digest, jws: 'a.b.c' }
    gateway.reply = recordsOf(decided, { '/findings/finding_1/advisory': told })
    expect(await cli('finding', 'advisory', 'finding_1')).toBe(0)
    for (const line of [
      'advisory   finding_1, interim\n',
      'title      “It repeats”\n',
      'publisher  Halcyon Research\n',
      'released   2026-11-27 08:00 UTC\n',
      'discovered 2026-11-27 06:00 UTC\n',
      'status     aurora-preview: known affected\n',
      'description “Replies repeat / the prompt \ufffd[2Kof somebody.”\n',
      'remedy     workaround: “Ask one at a time.”\n',
      `sha256     ${digest}\n`,
    ])
      expect(terminal.stdout).toContain(line)
    terminal.stdout = ''
    expect(await cli('--json', 'finding', 'advisory', 'finding_1')).toBe(0)
    expect(JSON.parse(terminal.stdout)).toEqual(told)
  })
})
