/**
 * Taking part is voluntary, and nobody's leave is needed to release a model: no text of this product may read as if it
 * gave one. A sentence that uses such a word all the same stands here, with what makes it harmless.
 */
import { globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  codeTexts,
  documentTexts,
  helpTexts,
  jsonTexts,
  literalsOf,
  sentencesOf,
  type Text,
} from './texts.ts'

/** `together`: each of these in one sentence. */
const suspicious: readonly { readonly what: string; readonly together: readonly RegExp[] }[] = [
  { what: 'a licence', together: [/licen[cs]/i] },
  { what: 'a permit', together: [/\bpermi(?:t|ss)/i] },
  { what: 'a clearance', together: [/\b(?:pre-?)?clear(?:s|ed|ing|ance|ances)?\b/i] },
  {
    what: 'an approval of a release',
    together: [/\b(?:dis)?approv/i, /\b(?:re|un)?releas/i],
  },
  {
    what: 'an authorisation of a release',
    together: [/\b(?:un)?authori[sz]/i, /\b(?:re|un)?releas/i],
  },
]

/** Names of files and addresses are no words, and neither is that of the kind of clause which says that there is none. */
const names = /https?:\/\/\S+|[\w./-]+\.ts\b|(?<![\w-])non-licensing(?:-1)?(?![\w-])/g

function implied(text: string): string | undefined {
  const words = text.replace(names, '')
  return suspicious.find(({ together }) => together.every(word => word.test(words)))?.what
}

interface Allowed {
  /** The whole of it. */
  readonly sentence: string
  readonly why: string
}

const denial = 'It says that there is none.'
const ownLicence = 'That of this program: Apache-2.0.'
const providers = 'What the provider’s own API calls its errors; whoever uses its client reads them.'

const allowed: readonly Allowed[] = [
  { sentence: 'No licence', why: denial },
  {
    sentence:
      'Nothing here is a licence, a permit or a clearance, and the developer releases or withdraws its model whenever it likes.',
    why: denial,
  },
  {
    sentence:
      'Nothing here is a licence or a permit, and what a developer does with its own model waits on nobody ([below](#the-developers-own-acts)).',
    why: denial,
  },
  {
    sentence:
      'Sallyport is not approved, endorsed or operated by any government body, and nothing in it is a licence or a permit for anything.',
    why: denial,
  },
  {
    sentence:
      'access is for the clients that are enrolled by name; keys and tokens are not shared, and nothing is sublicensed.',
    why: 'It forbids a counterparty to pass on what the developer gave it.',
  },
  {
    sentence:
      'Use without permission, or beyond it, can be stopped at once and can have consequences under the agreement and under the law.',
    why: 'The banner of a system: use of this gateway, never the release of a model.',
  },
  { sentence: 'permission_error', why: providers },
  { sentence: 'Which gateway is meant is not clear.', why: 'Not plain to see.' },
  { sentence: 'Which gateway to enrol at is not clear.', why: 'Not plain to see.' },
  {
    sentence:
      'For operators who come in by IAM Identity Center no second factor is seen here: give their permission set the policy of output `BreakGlassPolicyArn`, and ask for the factor there.',
    why: 'AWS’s own name of a thing.',
  },
  { sentence: 'Licence:', why: ownLicence },
  { sentence: 'LICENSE', why: ownLicence },
  { sentence: '/LICENSE', why: ownLicence },
]

const folders = ['functions', 'client', 'shared', 'scripts', 'infra']
const documents = [...globSync('docs/**/*.md'), 'README.md', 'SECURITY.md', 'CONTRIBUTING.md']

const everything = (): readonly Text[] => [
  ...codeTexts(folders),
  ...documentTexts(documents),
  ...jsonTexts('docs/openapi.json'),
  ...helpTexts(),
]

/** What is said that may not be, and whether each of what is allowed is said at all. */
function judge(texts: readonly Text[], list: readonly Allowed[]) {
  const known = new Set(list.map(({ sentence }) => sentence))
  const met = new Set<string>()
  const found = texts.flatMap(sentencesOf).flatMap(({ at, text }) => {
    const what = implied(text)
    if (what === undefined) return []
    if (!known.has(text)) return [`${at}: ${what}: ${text}`]
    met.add(text)
    return []
  })
  return { found: [...new Set(found)], unused: [...known].filter(one => !met.has(one)) }
}

test('it looks at all that is said: pages, refusals, notices, registry, commands, API and documents', () => {
  const said = everything()
  const says = (at: string, text: string): boolean =>
    said.some(one => one.at.startsWith(at) && one.text.includes(text))
  const samples = [
    ['functions/token/sign-in-page.ts', 'Nobody can sign in with this organisation.'],
    ['shared/oauth/use-notice.ts', 'By signing in you say that you have read this notice'],
    ['shared/domain/refusal.ts', 'The developer has withdrawn the model'],
    ['functions/governance/holds/holds.ts', 'is lifted'],
    ['shared/domain/clauses.ts', 'A promise of the counterparty'],
    ['scripts/demo/', 'made up'],
    ['client/cli/', 'You see no agreement.'],
    ['sallyport agreement --help', 'the protected agreements'],
    ['docs/openapi.json', 'The approval rules that are in force'],
    ['docs/governance.md', 'Nothing here is a licence or a'],
    ['README.md', 'TypeScript for AWS Lambda'],
  ] as const
  for (const [at, text] of samples) expect([at, text, says(at, text)]).toEqual([at, text, true])
  expect(said.length).toBeGreaterThan(5_000)
})

test('literals are read whole: not comments, not patterns, and a sentence in one piece across what is put into it', () => {
  const source = [
    "// it's a comment, 'none'",
    "const a = 'it\\'s one' /* 'none' */",
    `const b = \`two \${names.map(one => \`«\${one}»\`).join("; ")} of \${n / 2} {here}\` + c`,
    `const d = /[/'\`]"/.test("three") ? 6 / 2 / 1 : \`\${/}/.test(e)}four\``,
  ].join('\n')
  expect(literalsOf(source)).toEqual(["it's one", '«…»', '; ', 'two … of … {here}', 'three', '…four'])
  for (const open of ["'a", '`a', `\`\${a`, 'a = /a'])
    expect(() => literalsOf(`${open}\n`, 'x.ts')).toThrow(/^x\.ts: .* has no end$/)
})

test.each([
  ['a licence', 'With this you hold a license to deploy.'],
  ['a licence', 'The model is now licenced.'],
  ['a permit', 'The developer is permitted to publish it.'],
  ['a permit', 'Ask the office for permission.'],
  ['a clearance', 'The model was cleared for partners.'],
  ['a clearance', 'Awaiting pre-clearance'],
  ['an approval of a release', 'The government approves the release of the model.'],
  ['an approval of a release', 'Once it is released, an approval follows.'],
  ['an approval of a release', 'The release waits on approval.'],
  ['an authorisation of a release', 'The office authorizes its release.'],
] as const)('it finds %s in: %s', (what, text) => {
  expect(judge([{ at: 'planted', text }], allowed).found).toEqual([`planted: ${what}: ${text}`])
})

test.each([
  'The clearinghouse has a finding.',
  'A person approves it.',
  'The developer releases the model, alone.',
  'Its file is `infra/permissions.ts`.',
  'The clause `non-licensing` stands in each, as non-licensing-1.',
  'Send it to https://clearing.example/findings.',
])('it lets be: %s', text => {
  expect(judge([{ at: 'harmless', text }], []).found).toEqual([])
})

test('a planted sentence is found wherever it stands, and an allowed one only where it is allowed', () => {
  const bad = 'The office cleared it.'
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-texts-'))
  try {
    writeFileSync(join(folder, 'planted.ts'), `const told = \`It is so. ${bad}\`\n`)
    writeFileSync(
      join(folder, 'planted.md'),
      `# A title\nIt is so. The office\ncleared it.\n\n| ${bad} | b |\n`,
    )
    writeFileSync(join(folder, 'planted.json'), JSON.stringify({ a: [{ b: bad }] }))
    const planted = [
      ...codeTexts([folder]),
      ...documentTexts([join(folder, 'planted.md')]),
      ...jsonTexts(join(folder, 'planted.json')),
    ]
    const already = judge(everything(), allowed).found
    const { found } = judge([...everything(), ...planted], allowed)
    expect(found.filter(one => !already.includes(one)).map(one => one.replace(folder, ''))).toEqual([
      `/planted.ts: a clearance: ${bad}`,
      `/planted.md: a clearance: ${bad}`,
      `/planted.md: a clearance: | ${bad} | b |`,
      `/planted.json: a clearance: ${bad}`,
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a list that allows less finds what it no longer allows, and one that allows too much says so', () => {
  const [first, ...rest] = allowed
  const { found, unused } = judge(everything(), allowed)
  const less = judge(everything(), rest).found.filter(one => !found.includes(one))
  expect(less).toEqual([expect.stringContaining(first?.sentence ?? '')])
  const more = judge(everything(), [...allowed, { sentence: 'It is cleared.', why: 'planted' }])
  expect(more.unused).toEqual([...unused, 'It is cleared.'])
})

test('no text of the product implies a permission, but for sentences that are known to be harmless', () => {
  const { found, unused } = judge(everything(), allowed)
  expect(found).toEqual([])
  expect(unused).toEqual([])
})
