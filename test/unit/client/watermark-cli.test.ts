/** Traces on the command line, against a gateway that says what the test wants. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { strToU8, zipSync } from 'fflate'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { sample } from '../../../client/cli/leak-input.ts'
import { run } from '../../../client/cli/program.ts'
import { createChunkedZip } from '../../../functions/exporter/zip.ts'
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
  ...{ id: 'trace_1', kind: 'trace', state: 'queued', purpose: 'A list', case: null, requested_at: at },
  ...{ entry: 'entry_1', input: { sha256: 'aa', bytes: 9 }, epsilon: 0.001, result: null, failure: null },
  ...{ made_at: null, kept_until: null, ended_by: null },
}
const layers = {
  A: { records: 0, unproved: 0 },
  B: { records: 2, symbols: 28, tested: 56, epsilon: 0.0005 },
  C: { records: 1, tested: 56, epsilon: 0.0005 },
}
const nobody = {
  ...{
    format: 'csv',
    rows: 5,
    matched: 2,
    ambiguous: 1,
    unmatched: 2,
    unread: 0,
    times_unclear: 0,
    left_out: 0,
  },
  ...{ records: 2, epsilon: 0.001, layers, readers: [], limits: ['A slot is no verdict.'] },
}
const done = (result: object) => ({ ...asked, state: 'done', made_at: at, kept_until: at, result })
const answers = (trace: object) => {
  gateway.reply = recordsOf(asked, { '/traces/trace_1': trace })
}
const sent = (): Record<string, unknown> =>
  JSON.parse(gateway.calls.find(({ method }) => method === 'POST')?.body ?? '{}')
async function leak(text: string | Uint8Array): Promise<string> {
  const file = join(terminal.home, 'found')
  await writeFile(file, text)
  return file
}
const told = (): string => terminal.stdout.replaceAll(/\s+/g, ' ')

test('is answered although nobody is named, and says what would tell more, and what it does not say', async () => {
  answers(done(nobody))
  const file = await leak('time,kind\n2026-11-27T09:00:00Z,intent\n')
  expect(await cli('watermark', 'trace', file, '--purpose', 'A list', '--utc-offset', '-05:30')).toBe(0)
  expect(sent()).toEqual({
    leak: 'time,kind\n2026-11-27T09:00:00Z,intent',
    purpose: 'A list',
    offset_minutes: -330,
  })
  expect(told()).toContain('nobody. It is too little to tell, or no reader’s copy. More rows')
  expect(told()).toContain('1 row that could be of several records; 2 rows of no record that you may see')
  expect(told()).toContain('limits A slot is no verdict.')
  expect(terminal.stdout + terminal.stderr).not.toContain('09:00:00Z,intent')
})

test('names a reader with the bound of each layer', async () => {
  const B = { matches: 28, of: 28, expected: 2.8, rounding: 'cut', bound: 5.6e-27 }
  const reader = {
    ...{ reader: 'person_1', name: 'Sam Ortiz', organisation: 'cedar', bound: 5.6e-27 },
    ...{ months: [{ month: '2026-11', reader: '24d86d3f80e5d821' }], layers: { B } },
  }
  answers(done({ ...nobody, readers: [reader] }))
  expect(await cli('watermark', 'status', 'trace_1')).toBe(0)
  expect(told()).toContain('READER Sam Ortiz of cedar, person_1 bound 5.6e-27: at most so likely')
  expect(told()).toContain(
    '28 of 28 of the digits below ten seconds are theirs, where chance gives 3: 5.6e-27',
  )
})

describe('where nobody is named, it says what would tell more', () => {
  const none = { matched: 0, ambiguous: 0, unmatched: 5, records: 0 }
  const uncompared = { ...layers, B: { ...layers.B, records: 0 }, C: { ...layers.C, records: 0 } }
  test.each([
    [
      'of rows that are of several records, their ids',
      { ...none, ambiguous: 5, unmatched: 0 },
      'with the ids of',
    ],
    ['of rows of no record, their times, and what one may see', none, '--utc-offset'],
    ['of rows without digits, the digits', { layers: uncompared }, 'times to the second or finer would'],
  ])('%s', async (_, fields, advice) => {
    answers(done({ ...nobody, layers: uncompared, ...fields }))
    expect(await cli('watermark', 'status', 'trace_1')).toBe(0)
    expect(told()).toMatch(/named nobody\. /)
    expect(told()).toContain(advice)
    expect(told()).not.toContain(' 0 records')
  })
})

test.each([
  ['an empty file', new Uint8Array(), 'leak_empty'],
  ['blank lines', '\n \n', 'leak_empty'],
  ['a picture', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13), 'leak_unreadable'],
])('%s is not handed in', async (_, bytes, code) => {
  expect(await cli('watermark', 'trace', await leak(bytes), '--purpose', 'A list')).toBe(2)
  expect(terminal.stderr).toContain(code)
  expect(gateway.calls.filter(({ method }) => method === 'POST')).toEqual([])
})

test.each([
  [
    'of a person, that person',
    'person_1',
    'cedar',
    /next Ask them, or cedar, .*type:read,export person:person_1 time:/,
  ],
  [
    'of workloads, their organisation',
    'workloads:cedar',
    'cedar',
    /next Ask cedar, .*type:read,export time:/,
  ],
  ['of nobody, nobody', '2026-11/7', null, /^(?!.* next )/],
])(
  'who can tell what was done with a copy %s: who reads is for their own organisation',
  async (_, id, organisation, next) => {
    const reader = { reader: id, name: 'Sam Ortiz', organisation, bound: 1e-9, months: [], layers: {} }
    answers(done({ ...nobody, readers: [reader] }))
    expect(await cli('watermark', 'status', 'trace_1')).toBe(0)
    expect(told()).toMatch(next)
  },
)

test('a record that is not for whoever asks is not called altered: which of the two it is, nobody is told', async () => {
  answers(done({ ...nobody, layers: { ...layers, A: { records: 1, unproved: 14 } } }))
  expect(await cli('watermark', 'status', 'trace_1')).toBe(0)
  expect(told()).toContain(
    'unproved 14 records whose proof says nothing here: altered, of another log, or not for you to see',
  )
})

test('one that was not answered ends with why, and what to do', async () => {
  answers({
    ...asked,
    state: 'failed',
    failure: { code: 'trace_too_large', detail: 'There are more entries.' },
  })
  expect(await cli('watermark', 'trace', await leak('x'), '--purpose', 'A list')).toBe(1)
  expect(terminal.stderr).toContain('trace_too_large')
})

test('a bundle is opened here, and its records alone are handed in', async () => {
  answers(done(nobody))
  const parts: Uint8Array[] = []
  const zip = createChunkedZip({
    ...{ time: Date.UTC(2026, 10, 27), chunk: 1_000_000 },
    put: async (_, bytes) => void parts.push(bytes),
  })
  for (const [name, text] of [
    ['records.jsonl', '{"eid":"entry_1"}\n'],
    ['manifest.json', '{"secret":1}'],
  ] as const)
    await zip.add(name, [Buffer.from(text)])
  await zip.end()
  expect(await cli('watermark', 'trace', await leak(Buffer.concat(parts)), '--purpose', 'A list')).toBe(0)
  expect(sent().leak).toBe('{"eid":"entry_1"}')
})

test('a ZIP file of something else is refused, and it says what to do with it', async () => {
  const book = zipSync({ 'xl/workbook.xml': strToU8('<workbook/>') })
  expect(await cli('watermark', 'trace', await leak(book), '--purpose', 'A list')).toBe(2)
  expect(terminal.stderr).toContain('save a spreadsheet as CSV')
})

test('of more than a trace takes an even sample is handed in, which is said', async () => {
  answers(done(nobody))
  const lines = Array.from(
    { length: 80_000 },
    (_, n) => `2026-11-27T09:00:00Z,intent,${String(n).padStart(60, '0')}`,
  )
  const file = await leak(`time,kind,n\n${lines.join('\n')}\n`)
  expect(await cli('watermark', 'trace', file, '--purpose', 'A list')).toBe(0)
  const { leak: text, left_out } = sent() as { leak: string; left_out: number }
  const rows = text.split('\n').slice(1)
  expect(text.startsWith('time,kind,n\n')).toBe(true)
  expect(rows.length + left_out).toBe(80_000)
  expect(Buffer.byteLength(text)).toBeLessThan(3_000_000)
  const numbers = rows.map(row => Number(row.slice(-60)))
  expect(new Set(numbers.slice(1).map((n, i) => n - (numbers[i] ?? 0))).size).toBe(1)
  expect(numbers.at(-1)).toBeGreaterThan(79_990)
  expect(terminal.stderr).toContain(`${left_out.toLocaleString('en-US')} are left out`)
})

describe('what is handed in', () => {
  test('is all of a text that is small enough, in whatever encoding a spreadsheet writes', async () => {
    const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('time\tkind\n1\t2\n', 'utf16le')])
    expect(await sample([utf16], utf16.length)).toEqual({ text: 'time\tkind\n1\t2', leftOut: 0 })
    const swapped = Buffer.from(utf16).swap16()
    expect(await sample([swapped], swapped.length)).toEqual({ text: 'time\tkind\n1\t2', leftOut: 0 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ unit: 'grapheme' }).map(text => text.replace(/[\r\n\ufeff]/g, '')),
          { minLength: 1 },
        ),
        async lines => {
          fc.pre(lines.some(line => line.trim() !== ''))
          const bytes = Buffer.from(lines.join('\n'))
          const parts = [bytes.subarray(0, bytes.length / 2), bytes.subarray(bytes.length / 2)]
          const { text, leftOut } = await sample(
            parts.filter(part => part.length > 0),
            bytes.length,
          )
          expect([text, leftOut]).toEqual([lines.join('\n').replace(/\n$/, ''), 0])
        },
      ),
      { numRuns: 50 },
    )
  })

  test('keeps the lines of a record together, where one is written over many', async () => {
    const record = `{\n${Array.from({ length: 30 }, (_, n) => `  "field${n}": "${'x'.repeat(60)}",`).join('\n')}\n}\n`
    const bytes = Buffer.from(`[\n${record.repeat(2_500)}]`)
    const { text, leftOut } = await sample([bytes], bytes.length)
    expect(leftOut).toBeGreaterThan(0)
    expect(text.split('\n{\n').length).toBeGreaterThan(500)
    expect(text).toContain(record)
  })

  test('is refused where it is one line that nobody could cut', async () => {
    const bytes = Buffer.alloc(5_000_000, 'x')
    await expect(sample([bytes], bytes.length)).rejects.toMatchObject({ further: { code: 'leak_too_large' } })
  })
})
