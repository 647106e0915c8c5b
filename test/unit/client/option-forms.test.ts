/** What has a form is judged before anybody is asked: exit code 2, which option, and an example of it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from '../../../client/cli/program.ts'
import { FakeGateway } from './fake-gateway.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

let gateway: FakeGateway
let terminal: RecordedTerminal
beforeEach(async () => {
  gateway = await new FakeGateway().start()
  terminal = new RecordedTerminal()
})
afterEach(() => gateway.stop())

const cli = (...argv: readonly string[]): Promise<number> =>
  run(['--endpoint', gateway.issuer, '--json', ...argv], terminal)
const why = ['--reason', 'request', '--text', 'as agreed']
const limits = ['--total', '1000', '--rpm', '10', '--burst', '5', '--streams', '2']
const request = ['grant', 'request', '--model', 'aurora', '--agreement', 'agreement_1', ...limits, ...why]

test.each([
  [[...request, '--expires', '2027-06-01'], /--expires <time>: .*for instance 2027-06-01T00:00:00Z/],
  [[...request, '--expires', '2027-02-30T00:00:00Z'], /--expires <time>: .*for instance 2027-06-01T/],
  [[...request, '--expires', '2027-06-01T00:00:00+02:00'], /--expires <time>: /],
  [[...request, '--expires', 'next year'], /--expires <time>: /],
  [['client', 'ticket', '--name', 'a', '--expires', '2027-06-01', ...why], /--expires <time>: /],
  [
    ['person', 'attributes', 'person_1', '--region', 'FR', '--until', '2027-06-01', ...why],
    /--until <time>: /,
  ],
  [['statistics', '--from', 'yesterday'], /--from <time>: /],
  [['hold', 'preview', '--nationality', 'France'], /--nationality <code>: .*for instance FR\./],
  [['hold', 'preview', '--nationality', 'UK'], /for UK write GB\./],
  [['hold', 'preview', '--region', 'EU'], /--region <code>: .*for instance FR or FR-75\./],
  [['client', 'attributes', 'client_1', '--region', 'fr-75', ...why], /--region <code>: /],
  [
    ['person', 'add', '--name', 'Ed', '--subject', 'e', '--sponsor', 'sam', ...why],
    /--sponsor <person>: .*person_/,
  ],
  [['client', 'confirm', 'client_1', '--sponsor', 'sam', ...why], /sallyport person list/],
  [['grant', 'suspend', 'grant_1', '--reason', 'request', '--text', ''], /--text <words>: /],
  [['grant', 'suspend', 'grant_1', '--reason', 'request', '--text', ' \n'], /--text <words>: /],
  [['partner', 'appeal', 'entry_1', '--text', ''], /--text <words>: /],
])('%j', async (argv, message) => {
  expect(await cli(...argv)).toBe(2)
  const { error } = JSON.parse(terminal.stderr)
  expect(error).toMatchObject({ code: 'option_invalid', message: expect.stringMatching(message) })
  expect(gateway.calls).toEqual([])
})

test('a claim without its end is missing an option, and told which', async () => {
  expect(await cli('person', 'attributes', 'person_1', '--nationality', 'FR', ...why)).toBe(2)
  expect(JSON.parse(terminal.stderr).error).toMatchObject({
    code: 'option_missing',
    next: expect.stringContaining('--until 2027-06-01T00:00:00Z'),
  })
})

test('a quota without a limit is missing an option', async () => {
  expect(await cli('grant', 'quota', 'grant_1', ...why)).toBe(2)
  expect(JSON.parse(terminal.stderr).error).toMatchObject({
    code: 'option_missing',
    next: expect.stringContaining('--per-day'),
  })
})

/** Words that nobody entered would stand in the log as entered by whoever ran the command. */
test.each([
  ['webhook', 'add', 'https://a.example'],
  ['webhook', 'remove', 'webhook_1'],
  ['client', 'ticket', '--name', 'batch'],
  ['client', 'confirm', 'client_1'],
  ['person', 'confirm', 'person_1'],
  ['agreement', 'sign', 'agreement_1', '--digest', 'x'.repeat(43)],
  ['agreement', 'acknowledge', 'agreement_1', '--digest', 'x'.repeat(43)],
])('%s %s asks for a reason, and invents none', async (...argv) => {
  expect(await cli(...argv)).toBe(2)
  expect(JSON.parse(terminal.stderr).error).toMatchObject({
    code: 'option_missing',
    message: 'Missing: --reason <code>, --text <words>.',
  })
  expect(gateway.calls).toEqual([])
})
