import { type ExaminedBundle, examineBundle, type VerifiedBundle } from '../log/bundle.ts'
import type { ReadAt } from '../log/bundle-zip.ts'
import type { Compared } from '../log/compare.ts'
import type { Fault } from '../log/fault.ts'
import { nodeSha256, nodeSha256Stream, withBundleFile } from './bundle-file.ts'
import type { Cli } from './cli.ts'
import { counted, type Fact, quoted, utc, utcSeconds } from './facts.ts'
import { readVerifierKey } from './verify-input.ts'
import { readLogFiles } from './verify-log-files.ts'
import { type Told, tellOutcome } from './verify-outcome.ts'

export interface BundleOptions {
  readonly key?: string
  readonly with?: string
  readonly log?: string
  readonly witness?: readonly string[]
}

export async function runVerifyBundle(cli: Cli, path: string, options: BundleOptions): Promise<void> {
  const key = await readVerifierKey(cli, options.key)
  const witnesses: string[] = []
  for (const one of options.witness ?? []) witnesses.push(await readVerifierKey(cli, one))
  const files = options.log === undefined ? undefined : await readLogFiles(cli, options.log)
  const examine = (file: ReadAt, other?: ReadAt) =>
    examineBundle(file, {
      key,
      witnesses,
      sha256: nodeSha256Stream,
      hash: nodeSha256,
      ...(files && { files }),
      ...(other && { other }),
    })
  const { with: second } = options
  await tellOutcome(cli, async () => {
    const found = await withBundleFile(path, file =>
      second === undefined ? examine(file) : withBundleFile(second, other => examine(file, other)),
    )
    return outcomeOf(found, options)
  })
}

function outcomeOf({ facts, faults, faultCount }: ExaminedBundle, { with: other = '' }: BundleOptions) {
  const missing = (facts?.notCosigned ?? []).map(notCosigned)
  const all = [...faults, ...missing]
  const told = facts && tell(facts, all.length === 0, other)
  return { ...(told && { told }), faults: all, faultCount: faultCount + missing.length }
}

/** Whoever names a witness wants its word. */
const notCosigned = (witness: string): Fault => ({
  kind: 'unproved',
  field: 'witness',
  message: `${witness} has not cosigned it`,
})

function tell(found: VerifiedBundle, verified: boolean, other: string): Told {
  const { manifest, tree, records, withheld, unproved, exact, compared } = found
  return {
    json: jsonOf(found),
    facts: [
      [
        verified ? 'verified' : 'read',
        `the log ${tree.log} holds ${counted(records, 'record')} as they stand in this bundle`,
      ],
      ['export', `${manifest.export}, ${kinds[manifest.kind]}, asked for ${utc(manifest.asked_at)}`],
      ['for', `${quoted(manifest.by.name)} (${manifest.by.person}) of ${manifest.by.organisation}`],
      ['purpose', quoted(manifest.purpose)],
      ['query', queryText(found)],
      ['time', `${utcSeconds(manifest.from)} to ${utcSeconds(manifest.to)}`],
      ['granted', grantedText(found)],
      ['tree', `${counted(tree.size, 'leaf', 'leaves')}, signed by the log; root ${tree.root}`],
      ...witnessFacts(found),
      ['copy of', readersText(found)],
      ...placeFacts(found),
      ['withheld', withheld > 0 ? `a field or more of ${counted(withheld, 'record')}` : undefined],
      ['exact', exact > 0 ? `the exact times of ${counted(exact, 'record')} are proved` : undefined],
      ...custodyFacts(found),
      [
        'UNPROVED',
        unproved.length > 0
          ? `it stands here, and nothing vouches for it: ${unproved.join(', ')}`
          : undefined,
      ],
      ...(compared ? comparedFacts(compared, other) : []),
      ['not shown', notShown(found)],
    ],
  }
}

const kinds = {
  bundle: 'of the log',
  archive: 'of the archive',
  evidence: 'of evidence',
} as const

const queryText = ({ manifest: { query, decided_by } }: VerifiedBundle): string =>
  `${query === '' ? 'all' : quoted(query)}${decided_by ? ', decided by their own people' : ''}`

const grantedText = ({ granted, manifest }: VerifiedBundle): string =>
  granted
    ? `by ${manifest.entry}, which is in the log and tells the same of who asked for what`
    : `by ${manifest.entry}, which is not in this bundle: who asked for what is the word of whoever made it`

const witnessFacts = ({ cosigned, claimed }: VerifiedBundle): readonly Fact[] => [
  ...cosigned.map(({ witness, at }): Fact => ['cosigned', `by ${witness}, ${utcSeconds(instant(at))}`]),
  ...claimed.map(
    ({ witness, at }): Fact => [
      'cosigned',
      `by ${witness}, ${utcSeconds(instant(at))}, by the key that the bundle names: compare it (--witness)`,
    ],
  ),
]

const instant = (seconds: number): string | undefined => {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

function readersText({ manifest: { readers } }: VerifiedBundle): string | undefined {
  if (readers.length === 0) return undefined
  const named = readers.map(({ month, reader }) => `${reader} (${month})`)
  return `one reader: ${named.join(', ')}; a pseudonym for each month; the log’s operator can say whose`
}

function placeFacts({ first, last, between, gaps, gapCount }: VerifiedBundle): readonly Fact[] {
  if (first === undefined || last === undefined) return [['leaves', 'none']]
  const named = gaps.map(([from, to]) => (from === to ? number(from) : `${number(from)}–${number(to)}`))
  const more = gapCount > gaps.length ? ', …' : ''
  return [
    ['leaves', `${number(first)} to ${number(last)}`],
    [
      'between',
      between === 0
        ? 'every leaf between these two is in this bundle'
        : `${counted(between, 'leaf', 'leaves')} not in this bundle (not found by the query, not for this reader, or left out): ${named.join(', ')}${more}`,
    ],
  ]
}

const number = (value: number): string => value.toLocaleString('en-US')

function custodyFacts({ custody }: VerifiedBundle): readonly Fact[] {
  if (custody === undefined) return []
  const { officer, agency, statutes, asked, approved, downloads, receipt } = custody
  return [
    ['evidence', `for ${quoted(officer)} of ${quoted(agency)}, under ${statutes.join(', ')}`],
    ['asked', `by ${quoted(asked.name)} of ${asked.organisation}, ${utc(asked.at)}: ${asked.entry}`],
    ...approved.map(
      ({ name, organisation, at, entry }): Fact => [
        'approved',
        `by ${quoted(name)} of ${organisation}, ${utc(at)}: ${entry}`,
      ],
    ),
    ['fetched', downloads.length > 0 ? counted(downloads.length, 'time') : undefined],
    ['receipt', receipt && `${quoted(receipt.reference)}, ${utc(receipt.at)}: ${receipt.entry}`],
  ]
}

function comparedFacts(found: Compared, other: string): readonly Fact[] {
  const { agree, differ, onlyFirst, onlyOther, onlyFirstEids, onlyOtherEids, oneReader } = found
  return [
    ['compared', `with ${other}`],
    [
      'agree',
      agree > 0
        ? `${counted(agree, 'record')}: both were shown the same facts`
        : 'in nothing: they have no record in common',
    ],
    ['DIFFER', differ > 0 ? counted(differ, 'record') : undefined],
    ['only here', onlyText(onlyFirst, onlyFirstEids)],
    ['only there', onlyText(onlyOther, onlyOtherEids)],
    ['', oneReader ? 'Both are copies of one reader: that two were shown the same is not shown.' : undefined],
  ]
}

function onlyText(count: number, eids: readonly string[]): string | undefined {
  if (count === 0) return undefined
  return `${counted(count, 'record')}, not for the other reader, or kept from them: ${eids.join(', ')}${count > eids.length ? ', …' : ''}`
}

function notShown({ granted, custody, compared, cosigned }: VerifiedBundle): string {
  return [
    'that there is no further record before, between or after them',
    ...(granted ? [] : ['who asked for it, and for what']),
    ...(custody ? ['what custody.json tells: ask the log for its entries'] : []),
    ...(compared ? [] : ['that another reader is shown the same facts (--with)']),
    ...(cosigned.length > 0
      ? ['that others are shown the same log, but by the word of its witnesses']
      : ['that others are shown the same log (--witness)']),
    'what was spent of budgets (verify budget)',
    'that what they tell is so',
  ].join('; ')
}

const cosignedJson = ({ witness, at }: VerifiedBundle['cosigned'][number]) => ({
  witness,
  at: instant(at),
})

function jsonOf(found: VerifiedBundle): Told['json'] {
  const { manifest, tree, cosigned, notCosigned, claimed, records, first, last, between, gaps, gapCount } =
    found
  const { withheld, unproved, granted, exact, custody, compared } = found
  return {
    ...tree,
    export: manifest.export,
    kind: manifest.kind,
    query: manifest.query,
    decided_by: manifest.decided_by ?? null,
    from: manifest.from,
    to: manifest.to,
    by: manifest.by,
    purpose: manifest.purpose,
    asked_at: manifest.asked_at,
    entry: manifest.entry,
    granted,
    readers: manifest.readers,
    cosigned: cosigned.map(cosignedJson),
    not_cosigned: notCosigned,
    cosigned_by_its_own_keys: claimed.map(cosignedJson),
    records,
    first: first ?? null,
    last: last ?? null,
    between,
    gaps,
    gap_count: gapCount,
    withheld,
    unproved,
    exact,
    ...(custody && { custody }),
    ...(compared && {
      compared: {
        agree: compared.agree,
        differ: compared.differ,
        only_here: compared.onlyFirst,
        only_there: compared.onlyOther,
        only_here_eids: compared.onlyFirstEids,
        only_there_eids: compared.onlyOtherEids,
        one_reader: compared.oneReader,
      },
    }),
  }
}
