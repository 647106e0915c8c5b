/**
 * Everything that one deployment may choose: `cdk deploy -c name=…`, or `context` in cdk.json. Whatever is wrong is
 * named, all of it at once, with what to do.
 */
import { SecurityPolicy } from 'aws-cdk-lib/aws-apigateway'
import * as z from 'zod'
import type { Table } from '../shared/ports/store.ts'
import { isSlotCount } from '../shared/watermark/epoch.ts'
import type { FunctionName } from './permissions.ts'
import { targets } from './targets.ts'

/** Days that CloudWatch Logs knows. */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922,
]

const tlsPolicies = [
  SecurityPolicy.TLS_1_2,
  SecurityPolicy.TLS13_1_2_PQ_2025_09,
  SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09,
  SecurityPolicy.TLS13_1_3_2025_09,
  SecurityPolicy.TLS13_1_3_FIPS_2025_09,
]

const whole = (least: number, most: number) =>
  z.coerce
    .number(`Give a whole number from ${least} to ${most}.`)
    .int(`Give a whole number from ${least} to ${most}.`)
    .min(least, `Give at least ${least}.`)
    .max(most, `Give at most ${most}.`)

const yes = (otherwise: boolean) =>
  z.union([z.boolean(), z.stringbool()], 'Give true or false.').default(otherwise)

const matching = (pattern: RegExp, what: string) => z.string(what).regex(pattern, what)

/** Function instances that are kept for one function and are its most; `none` takes from what the account has left. */
const reserved = (otherwise: number) =>
  z.union([z.literal('none'), whole(1, 10_000)], 'Give a whole number, or none.').default(otherwise)

const domainName = matching(
  /^(?=.{4,253}$)([a-z0-9-]{1,63}\.)+[a-z]{2,63}$/,
  'Give a host name in lower case.',
)
const certificate = matching(
  /^arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/,
  'Give the ARN of an ACM certificate.',
)
const tableName = matching(/^[A-Za-z0-9_.-]{3,255}$/, 'Give the name of a DynamoDB table.')

/** Separated by spaces, which no name of a user has. */
const userNames = matching(
  /^([\w+=,.@-]+(\/[\w+=,.@-]+)*( +|$))+$/,
  'Give names of IAM users, with a space between two.',
).transform(text => [...new Set(text.trim().split(/ +/))])

const slotCount = 'Give a power of two from 4 to 1024.'

/** A function's environment has 4 kB for all that it is told. */
const witnessLines = z
  .string('Give lines of a URL and a verifier key.')
  .max(2_000, 'Give at most 2,000 characters.')

const restoredTables = ['registryTable', 'metersTable', 'spentTable', 'entriesTable'] as const

const schema = z
  .strictObject({
    /** The stack's name. Two deployments of one account and region take two. */
    name: matching(
      /^(?!default$|.*(?:Edge|Cdn)$)[A-Za-z][A-Za-z0-9-]{0,63}$/,
      'Give letters, digits and hyphens, a letter first; Edge and Cdn at the end are for the stacks beside it, and default is the account’s event bus.',
    ).default('Sallyport'),
    target: z.enum(targets, `Give one of ${targets.join(', ')}.`).default('aws'),
    /** False only for what is thrown away: then the stack's end is the end of its data. */
    retain: yes(true),
    /** The folder of the bundles: one folder a function, `index.js` in it. */
    assets: z.string().default('dist/functions'),
    /** An emulator's address, as the callers reach it. */
    endpoint: matching(
      /^https?:\/\/[^/?#]+$/,
      'Give an origin, for instance http://127.0.0.1:4566.',
    ).optional(),
    /** The origin and path that tokens are issued under; without it, the API's own URL or the domain of the edge. */
    issuer: matching(
      /^https:\/\/[^?#]+[^?#/]$/,
      'Give an https URL without query and without a slash at its end.',
    ).optional(),
    /**
     * Of a reservation. The last attempt to make one begins within two thirds of it and lasts as long as a call of the
     * store, 3 s; it has to end before the reservation does.
     */
    leaseSeconds: whole(10, 900).default(30),
    logRetentionDays: whole(1, 2922)
      .refine(days => retentions.includes(days), `Give one of ${retentions.join(', ')}.`)
      .default(365),
    /** OMB M-26-14: the log stays retrievable for twelve months at least. */
    objectLockDays: whole(1, 36_500).default(365),
    /** Tables that were restored from a backup: each serves in place of the stack's own, which stays as it is. */
    registryTable: tableName.optional(),
    metersTable: tableName.optional(),
    spentTable: tableName.optional(),
    entriesTable: tableName.optional(),
    /** The stream of the restored table of entries; without it they are sequenced once a minute. */
    entriesStreamArn: matching(
      /^arn:[a-z-]+:dynamodb:[a-z0-9-]+:\d{12}:table\/[A-Za-z0-9_.-]{3,255}\/stream\/[\w:.-]+$/,
      'Give the ARN of a stream of a DynamoDB table.',
    ).optional(),
    /** Readers of an epoch of the log, people and workloads together. What an entry costs to sequence goes with it. */
    readerSlots: z.coerce.number(slotCount).refine(isSlotCount, slotCount).default(64),
    /** Who cosigns checkpoints: `<url> <verifier key>`, with `;` or a line's end between two. */
    witnesses: witnessLines.default(''),
    /** OMB M-26-14: entries stay searchable for six months at least. The log's objects are locked for as long. */
    retentionDays: whole(184, 36_500).default(400),
    alarmEmail: z.email('Give an e-mail address.').optional(),
    alarmTopicArn: matching(
      /^arn:[a-z-]+:sns:[a-z0-9-]+:\d{12}:[\w-]+$/,
      'Give the ARN of an SNS topic.',
    ).optional(),
    /** IAM users of the account, with their paths, who may assume the role of emergency holds. */
    breakGlassUsers: userNames.default([]),
    gateConcurrency: reserved(500),
    tokenConcurrency: reserved(50),
    apiConcurrency: reserved(50),
    sweeperConcurrency: reserved(2),
    notifierConcurrency: reserved(2),
    sequencerConcurrency: reserved(2),
    exporterConcurrency: reserved(15),
    consoleConcurrency: reserved(50),
    /** Of the whole API, from every caller together. */
    requestsPerSecond: whole(1, 10_000).default(1_000),
    requestBurst: whole(1, 5_000).default(2_000),
    /** The functions speak to AWS through its FIPS 140 endpoints. Not every region has one for every service. */
    fips: yes(false),
    /** Lets API Gateway write logs: an account has one role for that, so one deployment of an account sets it. */
    apiGatewayLogRole: yes(true),
    /** Of the API and its domain. The newer ones are not in every region yet. */
    tlsPolicy: z
      .literal(tlsPolicies, `Give one of ${tlsPolicies.join(', ')}.`)
      .default(SecurityPolicy.TLS13_1_2_PFS_PQ_2025_09),
    /** The edge stack exists where a domain is given. */
    domain: domainName.optional(),
    certificateArn: certificate.optional(),
    hostedZoneId: matching(/^Z[A-Z0-9]{1,31}$/, 'Give the id of a Route 53 hosted zone.').optional(),
    hostedZoneName: domainName.optional(),
    /** Requests of one address in five minutes. */
    requestsPerAddress: whole(100, 2_000_000_000).default(30_000),
    /** Restores header names before the callers see them; where CloudFront is. */
    cdnDomain: domainName.optional(),
    cdnCertificateArn: certificate.optional(),
    /** Makes an ML-DSA-87 signing key. */
    mlDsa: yes(false),
  })
  .check(({ value: p, issues }) => {
    const wrong = (path: keyof typeof p, message: string, when: boolean) =>
      when && issues.push({ code: 'custom', path: [path], message, input: p })
    const onAws = p.target === 'aws'
    wrong('endpoint', 'Leave it out: only an emulator has one.', onAws && p.endpoint !== undefined)
    for (const [i, name] of restoredTables.entries())
      wrong(
        name,
        'Give each table another name.',
        p[name] !== undefined && restoredTables.slice(0, i).some(other => p[other] === p[name]),
      )
    const [, streams] = /:table\/([^/]+)\/stream\//.exec(p.entriesStreamArn ?? '') ?? []
    wrong(
      'entriesStreamArn',
      'Give entriesTable, whose stream it is.',
      streams !== undefined && streams !== p.entriesTable,
    )
    wrong('alarmTopicArn', 'Give this or alarmEmail, not both.', !!p.alarmEmail && !!p.alarmTopicArn)
    const zone = p.hostedZoneId !== undefined
    wrong(
      'hostedZoneName',
      'Give hostedZoneId and hostedZoneName together.',
      zone !== (p.hostedZoneName !== undefined),
    )
    wrong(
      'certificateArn',
      'Give it, or the hosted zone in which one can be validated.',
      !!p.domain && !zone && !p.certificateArn,
    )
    for (const name of ['certificateArn', 'hostedZoneId', 'cdnDomain'] as const)
      wrong(name, 'Give the domain that it is for.', p[name] !== undefined && p.domain === undefined)
    wrong('mlDsa', 'Give a domain: the key belongs to the edge stack.', p.mlDsa && p.domain === undefined)
    wrong(
      'cdnCertificateArn',
      'Give cdnDomain and cdnCertificateArn together.',
      !!p.cdnDomain !== !!p.cdnCertificateArn,
    )
    wrong(
      'cdnCertificateArn',
      'CloudFront takes certificates of us-east-1 only, in the partition aws.',
      !!p.cdnCertificateArn && !p.cdnCertificateArn.startsWith('arn:aws:acm:us-east-1:'),
    )
  })

export type Parameters = z.output<typeof schema>

/** Instances that are kept for a function and are its most, if any are. */
export function reservedFor(parameters: Parameters, name: FunctionName): number | undefined {
  const kept = parameters[`${name}Concurrency`]
  return kept === 'none' ? undefined : kept
}

/** As they were given: the deployment that comes next can be told where it forgets one. */
export const givenTables = (parameters: Parameters): readonly string[] =>
  restoredTables.flatMap(name => (parameters[name] === undefined ? [] : [`${name}=${parameters[name]}`]))

/** The name of the table that serves in place of the stack's own, if one does. */
export const restoredTable = (parameters: Parameters, table: Table): string | undefined =>
  parameters[`${table}Table`]

/** Throws an `Error` that names each wrong parameter. Keys that the CDK uses itself are passed over. */
export function readParameters(context: Readonly<Record<string, unknown>>): Parameters {
  const own = Object.entries(context).filter(([key]) => /^[A-Za-z]+$/.test(key))
  const read = schema.safeParse(Object.fromEntries(own))
  if (read.success) return read.data
  const faults = read.error.issues.flatMap(issue =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map(key => `${key}: There is no such parameter.`)
      : [`${issue.path.join('.')}: ${issue.message}`],
  )
  throw new Error(`These parameters of the stack are wrong:\n  ${faults.join('\n  ')}`)
}
