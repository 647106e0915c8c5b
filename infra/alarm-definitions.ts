/** The alarms of a deployment, one by one: what each measures, what it means and what to do. The operator's guide is made from this. */
import { Duration } from 'aws-cdk-lib'
import { type IMetric, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { Operation } from 'aws-cdk-lib/aws-dynamodb'
import { metricNamespace } from '../shared/adapters/aws/emf-telemetry.ts'
import type { Table } from '../shared/ports/store.ts'
import type { Api } from './api.ts'
import { type Functions, scheduled, sizes } from './functions.ts'
import { type Parameters, reservedFor } from './parameters.ts'
import { type FunctionName, functionNames } from './permissions.ts'
import type { Tables } from './tables.ts'

export interface Watched {
  readonly api: Api
  readonly functions: Functions
  readonly tables: Tables
}

export interface AlarmDefinition {
  /** The end of the alarm's name, after the stack's. */
  readonly id: string
  readonly measures: string
  readonly metric: (watched: Watched) => IMetric
  /** It is raised at this or beyond, or, with `below`, under it. */
  readonly threshold: number
  readonly below?: true
  /** Of so many periods in a row, five minutes each unless the metric says otherwise. */
  readonly periods: number
  readonly missing: TreatMissingData
  readonly means: string
  readonly next: string
}

const period = Duration.minutes(5)
const quiet = { periods: 1, missing: TreatMissingData.NOT_BREACHING } as const

export const alarmDefinitions = (parameters: Parameters): readonly AlarmDefinition[] => [
  ...functionNames.flatMap(name => functionAlarms(name, reservedFor(parameters, name))),
  ...(Object.keys(operations) as Table[]).flatMap(tableAlarms),
  ...ownAlarms,
  {
    ...quiet,
    id: 'ServerErrors',
    measures: 'answers of the API with a status of 500 to 599',
    metric: ({ api }) => api.rest.metricServerError({ period, statistic: Stats.SUM }),
    threshold: 20,
    periods: 2,
    means: 'Callers are refused for reasons of ours or of an upstream.',
    next: 'See the dashboard for which function and which refusal code; store and upstream have alarms of their own.',
  },
  {
    ...quiet,
    id: 'DeadLetters',
    measures: 'messages in the queue of dead letters',
    metric: ({ functions }) =>
      functions.deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
    threshold: 1,
    means: 'A run of the sweeper, the notifier, the sequencer or the exporter failed three times.',
    next: 'Read their logs. The message holds nothing that is needed: purge the queue once runs succeed again.',
  },
  {
    id: 'SweeperSilent',
    measures: 'runs of the sweeper',
    metric: ({ functions }) => functions.byName.sweeper.lambda.metricInvocations({ period }),
    threshold: 1,
    below: true,
    periods: 2,
    missing: TreatMissingData.BREACHING,
    means:
      'Nothing has swept for ten minutes: reservations of calls that died stay held until their meter is used again.',
    next: 'See that the rule is enabled and may invoke the function; invoke it by hand to catch up.',
  },
  {
    id: 'NotifierSilent',
    measures: 'runs of the notifier',
    metric: ({ functions }) => functions.byName.notifier.lambda.metricInvocations({ period }),
    threshold: 1,
    below: true,
    periods: 2,
    missing: TreatMissingData.BREACHING,
    means: 'For ten minutes nobody was told anything: notices wait, and none is lost.',
    next: 'See that the rule is enabled and may invoke the function; invoke it by hand to catch up.',
  },
  {
    id: 'SequencerSilent',
    measures: 'runs of the sequencer',
    metric: ({ functions }) => functions.byName.sequencer.lambda.metricInvocations({ period }),
    threshold: 1,
    below: true,
    periods: 2,
    missing: TreatMissingData.BREACHING,
    means: 'For ten minutes no entry got its place in the log: they wait, and none is lost.',
    next: 'See that the rule is enabled and may invoke the function; invoke it by hand to catch up.',
  },
  {
    id: 'ExporterSilent',
    measures: 'runs of the exporter',
    metric: ({ functions }) => functions.byName.exporter.lambda.metricInvocations({ period }),
    threshold: 1,
    below: true,
    periods: 2,
    missing: TreatMissingData.BREACHING,
    means: 'For ten minutes no export was worked on: they wait, and none is lost.',
    next: 'See that the rule is enabled and may invoke the function; invoke it by hand to catch up.',
  },
]

function functionAlarms(name: FunctionName, reserved: number | undefined): readonly AlarmDefinition[] {
  const { timeout } = sizes[name]
  const Name = capital(name)
  const nearTimeout = Math.floor(timeout * 0.9)
  const nearReserved = Math.ceil((reserved ?? 0) * 0.8)
  const alarms: AlarmDefinition[] = [
    {
      ...quiet,
      id: `${Name}Crashes`,
      measures: `runs of the function ${name} that ended without an answer`,
      metric: ({ functions }) => functions.byName[name].lambda.metricErrors({ period }),
      threshold: 1,
      means: 'It threw, ran out of memory or time, or could not be started.',
      next: 'Find the request in its log. What a call had reserved settles by itself when its lease ends.',
    },
    {
      ...quiet,
      id: `${Name}Slow`,
      measures: `milliseconds of the longest run of the function ${name}`,
      metric: ({ functions }) =>
        functions.byName[name].lambda.metricDuration({ period, statistic: Stats.MAXIMUM }),
      threshold: nearTimeout * 1000,
      means: `A run took more than ${nearTimeout} of its ${timeout} seconds.`,
      next:
        name === 'gate'
          ? 'A call that long is cut at the end, with its outcome written. Ask the partner for shorter ones.'
          : 'Look for a store or a key that answers slowly, or for too much to do in one run.',
    },
  ]
  // Each part of the stream starts the sequencer: what is more than it may run at once waits, and does no harm.
  if (name !== 'sequencer')
    alarms.push({
      ...quiet,
      id: `${Name}Throttles`,
      measures: `runs of the function ${name} that Lambda refused`,
      metric: ({ functions }) => functions.byName[name].lambda.metricThrottles({ period }),
      threshold: 1,
      means:
        'Its reserved concurrency, or what the account has left, is used up: callers got a 500, or runs came late.',
      next: `Raise ${name}Concurrency, after the account’s own quota where that binds.`,
    })
  // These come once a minute; two at a time are all that they need.
  if (reserved !== undefined && !scheduled.includes(name))
    alarms.push({
      ...quiet,
      id: `${Name}NearlyFull`,
      measures: `runs of the function ${name} at the same time`,
      metric: ({ functions }) =>
        functions.byName[name].lambda.metric('ConcurrentExecutions', { period, statistic: Stats.MAXIMUM }),
      threshold: nearReserved,
      periods: 2,
      means: `It uses four fifths of the ${reserved} that are reserved for it.`,
      next: `Raise ${name}Concurrency before callers are throttled.`,
    })
  return alarms
}

function tableAlarms(table: Table): readonly AlarmDefinition[] {
  const operation = operations[table]
  const Name = capital(table)
  const throttled = (kind: 'Read' | 'Write'): AlarmDefinition => ({
    ...quiet,
    id: `${Name}${kind}sThrottled`,
    measures: `${kind.toLowerCase()}s of the table ${table} that DynamoDB throttled`,
    metric: ({ tables }) =>
      tables.byName[table].metric(`${kind}ThrottleEvents`, { period, statistic: Stats.SUM }),
    threshold: 10,
    means:
      'One partition gets more than DynamoDB gives it. Requests are tried again for a moment, then refused.',
    next: 'Find the hot item: a meter that many calls share, or the one that every call reads.',
  })
  return [
    throttled('Read'),
    throttled('Write'),
    {
      ...quiet,
      id: `${Name}Failing`,
      measures: `requests of the operation ${operation} on the table ${table} that DynamoDB failed at`,
      metric: ({ tables }) =>
        tables.byName[table].metric('SystemErrors', {
          dimensionsMap: { TableName: tables.byName[table].tableName, Operation: operation },
          period,
          statistic: Stats.SUM,
        }),
      threshold: 5,
      periods: 2,
      means: 'DynamoDB has trouble of its own in this region.',
      next: 'See the health page of AWS. Calls are refused, and nothing is charged, until it answers.',
    },
  ]
}

/** The operation that every call makes on the table: where DynamoDB fails, that one does. */
const operations: Readonly<Record<Table, Operation>> = {
  registry: Operation.BATCH_GET_ITEM,
  meters: Operation.UPDATE_ITEM,
  spent: Operation.PUT_ITEM,
  entries: Operation.PUT_ITEM,
}

/** What the functions count themselves, with the function's own name as a dimension. */
const counted =
  (name: FunctionName, metricName: string, labels: Readonly<Record<string, string>> = {}) =>
  ({ functions }: Watched): IMetric =>
    new Metric({
      namespace: metricNamespace,
      metricName,
      dimensionsMap: { function: functions.byName[name].lambda.functionName, ...labels },
      period,
      statistic: Stats.SUM,
    })

const ownAlarms: readonly AlarmDefinition[] = [
  {
    ...quiet,
    id: 'Overrun',
    measures: 'calls that a provider billed beyond their reservation',
    metric: counted('gate', 'alarm', { name: 'overrun' }),
    threshold: 1,
    means: 'The bound of the model’s record is too low. The call is charged in full and its meter is closed.',
    next: 'Raise the bound with the developer, look at the calls that the meter names, then reopen it.',
  },
  {
    ...quiet,
    id: 'FingerprintsLost',
    measures: 'replies whose fingerprints could not be kept',
    metric: counted('gate', 'alarm', { name: 'fingerprints_lost' }),
    threshold: 1,
    means:
      'The bucket did not take them for ten seconds. The reply was sent, and a leak of it will not be found.',
    next: 'See the errors in the gate’s log, which name the entries; look at the bucket and the gate’s right to it.',
  },
  {
    ...quiet,
    id: 'RecordUnavailable',
    measures: 'calls that were refused because they could not be recorded',
    metric: counted('gate', 'refusal', { code: 'record_unavailable' }),
    threshold: 1,
    means:
      'The table of the entries, or the key of the month’s fingerprints, did not answer. No call is made without its entry, or that could not be traced.',
    next: 'See the alarms of the table entries and the errors in the gate’s log.',
  },
  {
    ...quiet,
    id: 'StoreUnavailable',
    measures: 'calls that were refused because the state could not be read or changed',
    metric: counted('gate', 'refusal', { code: 'store_unavailable' }),
    threshold: 10,
    means: 'Tables do not answer in time.',
    next: 'See the alarms of the tables and the errors in the gate’s log.',
  },
  {
    ...quiet,
    id: 'UpstreamUnavailable',
    measures: 'calls for which an upstream could not be asked or broke off',
    metric: counted('gate', 'refusal', { code: 'upstream_unavailable' }),
    threshold: 10,
    periods: 2,
    means: 'A provider is down, or does not take the credential that the deployment has.',
    next: 'The gate’s log names what it answered. Ask the developer; replace the credential in the secret.',
  },
  {
    ...quiet,
    id: 'TokensUnavailable',
    measures: 'requests to the token service that were answered with 503',
    metric: counted('token', 'token_replies', { status: '503' }),
    threshold: 3,
    means:
      'No token can be signed or recorded (signer_unavailable, store_unavailable): KMS or the tables do not answer.',
    next: 'Read the errors in its log. A key that was disabled or denied is named there: rotate to another.',
  },
  {
    ...quiet,
    id: 'NoticesOverdue',
    measures: 'runs of the notifier that found a notice which has waited for an hour or longer',
    metric: counted('notifier', 'alarm', { name: 'notices_overdue' }),
    threshold: 1,
    means: 'A receiver does not take what it is told, or the event bus or a key does not answer.',
    next: 'Errors in the notifier’s log are ours. Without any, a receiver is down: after three days nothing more is sent to it.',
  },
  {
    ...quiet,
    id: 'NoticeGivenUp',
    measures: 'notices that somebody has not taken after three days',
    metric: counted('notifier', 'alarm', { name: 'notice_given_up' }),
    threshold: 1,
    means: 'They are not sent again. They stand among the notices of the organisation, which the log names.',
    next: 'Tell the organisation by another way, and that its receiver refuses what others take.',
  },
  {
    ...quiet,
    id: 'WebhookDisabled',
    measures: 'webhooks that nothing more is sent to',
    metric: counted('notifier', 'alarm', { name: 'webhook_disabled' }),
    threshold: 1,
    means: 'Its receiver said that it is gone, or has taken nothing for three days. The log names it.',
    next: 'Tell its organisation, which registers it anew once its receiver works.',
  },
  {
    ...quiet,
    id: 'HandOffOverdue',
    measures:
      'findings that a clearinghouse has not taken after three days, each time that one is tried again',
    metric: counted('notifier', 'alarm', { name: 'hand_off_overdue' }),
    threshold: 1,
    means:
      'The clearinghouse does not answer, or not with a receipt over the digest of what it was sent. The log says which.',
    next: 'Tell the office that the log names. It is tried again every six hours, and never given up.',
  },
  {
    ...quiet,
    id: 'LogHalted',
    measures: 'runs of the sequencer that found the log halted',
    metric: counted('sequencer', 'alarm', { name: 'log_halted' }),
    threshold: 1,
    means:
      'What is published, what the state says and what lies in the bucket contradict each other. Entries are kept and wait; nothing is appended.',
    next: 'Its log says which. Change nothing in the table or the bucket before somebody has understood it.',
  },
  {
    ...quiet,
    id: 'LogEntryUnreadable',
    measures: 'runs of the sequencer that found an entry whose body cannot be read',
    metric: counted('sequencer', 'alarm', { name: 'log_entry_unreadable' }),
    threshold: 1,
    means:
      'The body of an entry that waits for its place is not what this system writes: somebody has changed it, or a store has lost a part of it. Nothing is appended; entries are kept and wait.',
    next: 'Its log names the entry. Give it back its body from a backup of the table, and find out who may write there; do not remove it.',
  },
  {
    ...quiet,
    id: 'LogBehind',
    measures: 'runs of the sequencer that began with an entry which has waited for longer than a minute',
    metric: counted('sequencer', 'alarm', { name: 'log_behind' }),
    threshold: 1,
    periods: 2,
    means: 'Entries are made faster than they get their place, or the sequencer fails.',
    next: 'See its errors and its alarms first; then give it more memory, or the deployment fewer reader slots.',
  },
  {
    ...quiet,
    id: 'WitnessRefused',
    measures: 'times that a witness refused to cosign a checkpoint',
    metric: counted('sequencer', 'alarm', { name: 'witness_refused' }),
    threshold: 1,
    means:
      'A witness remembers another tree than this one, or does not know the log. The first would mean that it was rolled back or split.',
    next: 'Its log names the witness and what it said. Ask who runs it, before anybody relies on newer checkpoints.',
  },
  {
    ...quiet,
    id: 'ReaderSlotsLow',
    measures: 'first reads of a month by somebody new, when four fifths of its reader slots were given',
    metric: counted('api', 'alarm', { name: 'reader_slots_low' }),
    threshold: 1,
    means: 'When all are given, nobody new reads entries of this month.',
    next: 'Deploy with more readerSlots: it holds from next month on.',
  },
  {
    ...quiet,
    id: 'ExportFailed',
    measures: 'exports that were given up after many errors',
    metric: counted('exporter', 'alarm', { name: 'export_failed' }),
    threshold: 1,
    means:
      'Something that an export is made of cannot be read, again and again. Its requester is told that it failed.',
    next: 'Its log names the export, and before it the errors. Whoever asked for it asks again once that is mended.',
  },
  {
    ...quiet,
    id: 'InquiryFailed',
    measures: 'traces and attributions that were given up after many errors',
    metric: counted('exporter', 'alarm', { name: 'inquiry_failed' }),
    threshold: 1,
    means:
      'Something that is looked into cannot be read, again and again. Whoever asked is told that it failed.',
    next: 'Its log names the inquiry, and before it the errors. Whoever asked asks again once that is mended.',
  },
  ...(['token', 'api', 'sweeper', 'notifier', 'sequencer', 'exporter', 'console'] as const).map(name => ({
    ...quiet,
    id: `${capital(name)}Errors`,
    measures: `errors that the function ${name} has written into its log`,
    metric: counted(name, 'error'),
    threshold: 1,
    means: 'Something went wrong that should not, though the function went on.',
    next: 'Search its log for the level "error".',
  })),
  {
    ...quiet,
    id: 'GateErrors',
    measures: 'errors that the function gate has written into its log',
    metric: counted('gate', 'error'),
    threshold: 10,
    means: 'More has gone wrong than upstreams that break off now and then.',
    next: 'Search its log for the level "error".',
  },
]

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1)
}
