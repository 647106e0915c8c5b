/** Attributions on the command line, against a gateway that says what the test wants. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { type FakeGateway, recordsOf } from './fake-gateway.ts'
import type { RecordedTerminal } from './recorded-terminal.ts'
import { signedIn } from './signed-in.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
const cli = (...argv: string[]): Promise<number> => run(['--endpoint', gateway.issuer, ...argv], terminal)
beforeEach(async () => {
  ;({ gateway, terminal } = await signedIn())
})
afterEach(() => gateway.stop())

const at = '2026-11-27T09:00:00Z'
const asked = {
  ...{ id: 'attribution_1', kind: 'attribution', state: 'done', purpose: 'A text', case: null },
  ...{ requested_at: at, entry: 'entry_1', input: { sha256: 'aa', bytes: 9 }, failure: null },
  ...{ made_at: at, kept_until: at, ended_by: 'entry_2' },
}
const reply = (entry: string, to: number) => ({
  ...{ entry, time: at, client: 'client_1', model: 'm', matches: 4, coverage: 1, runs_left_out: 0 },
  ...{ runs: [{ from: 0, to }], commitment: { fingerprints: 'f', salt: 's', attr_commit: 'c' } },
})
const partner = (id: string, seen: number, replies: readonly object[]) => ({
  ...{ partner: id, name: id, bound: 1e-40, replies_seen: seen, replies },
})
const result = (verdict: string, partners: readonly object[]) => ({
  ...{ verdict, words: 9, grams: 5, common: 0, public: 0, partners, partners_left_out: 0, best: null },
  ...{ looked_at: { months: ['2026-11'], replies: 12 }, unproved: 0, expected_false_matches: 0 },
  limits: ['Reworded text is out of reach.'],
})
const answers = (told: object) => {
  const attribution = { ...asked, result: told }
  gateway.reply = recordsOf(attribution, { '/attributions/attribution_1': attribution })
}
const told = (): string => terminal.stdout.replaceAll(/\s+/g, ' ')
const excerpt = 'one two three four five six seven eight nine'

test('a partner is named with the replies that are shown of all, and words that are the same are shown once', async () => {
  const replies = [reply('entry_3', 9), reply('entry_4', 9), reply('entry_5', 8)]
  answers(result('named', [partner('cedar', 7, replies)]))
  expect(await cli('attribute', '--purpose', 'A text', ...excerpt.split(' '))).toBe(0)
  expect(told()).toContain('PARTNER cedar, cedar; 7 replies have something of it, of which 3 are shown')
  expect(told().split(`went only here: “${excerpt}”`)).toHaveLength(2)
  expect(told().split('run the same')).toHaveLength(2)
  expect(told()).toContain('run 8 words, 1 to 8, went only here')
  expect(told()).toContain('what the call was: sallyport log get entry_3')
  expect(told()).toContain('limits Reworded text')
})

test('where several were sent it, nobody is named, and no bound speaks of a name', async () => {
  answers(
    result('tie', [partner('cedar', 1, [reply('entry_3', 9)]), partner('prairie', 1, [reply('entry_4', 9)])]),
  )
  expect(await cli('attribute', '--purpose', 'A text', excerpt)).toBe(0)
  expect(told()).toContain('named nobody: it went to 2 partners alike')
  expect(told()).toContain('either prairie')
  expect(told()).not.toMatch(/went only here|chance alone names|what the call was/)
})

test.each([
  ['seven words', 'one two three four five six seven', 'text_too_short'],
  ['nothing', '', 'text_too_short'],
  ['more than 200,000 bytes', 'word '.repeat(40_001), 'text_too_long'],
  ['a picture', `\x89PNG\r\n\x1a\n\0\0\0\r${excerpt}`, 'text_unreadable'],
])('%s is not handed in', async (_, text, code) => {
  const file = join(terminal.home, 'found')
  await writeFile(file, text)
  expect(await cli('attribute', '--file', file, '--purpose', 'A text')).toBe(2)
  expect(terminal.stderr).toContain(code)
  expect(gateway.calls.filter(({ method }) => method === 'POST')).toEqual([])
})
