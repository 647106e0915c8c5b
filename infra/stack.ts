import { Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Alarms } from './alarms.ts'
import { Api } from './api.ts'
import { BreakGlass } from './break-glass.ts'
import { Objects } from './bucket.ts'
import { OperatorDashboard } from './dashboard.ts'
import { EntriesStream } from './entries-stream.ts'
import { NoticeBus } from './event-bus.ts'
import { EveryMinute } from './every-minute.ts'
import { Functions } from './functions.ts'
import { Keys } from './keys.ts'
import { addOutputs } from './outputs.ts'
import type { Parameters } from './parameters.ts'
import { Tables } from './tables.ts'
import { has } from './targets.ts'
import { UpstreamSecret } from './upstream-secret.ts'

/** One deployment. It names no account, region or partition, so the same template goes to any. */
export class SallyportStack extends Stack {
  readonly keys: Keys
  readonly tables: Tables
  readonly objects: Objects
  readonly upstreamSecret: UpstreamSecret
  readonly notices: NoticeBus
  readonly api: Api
  readonly functions: Functions
  readonly breakGlass: BreakGlass

  constructor(scope: Construct, parameters: Parameters, props: StackProps = {}) {
    super(scope, parameters.name, {
      description: 'Sallyport: a gateway to covered frontier models in early access',
      ...props,
    })
    const { retain, target } = parameters
    this.keys = new Keys(this, 'Keys', { target, retain })
    const key = this.keys.data
    this.tables = new Tables(this, 'Tables', { key, parameters })
    this.objects = new Objects(this, 'Objects', { key, parameters })
    this.upstreamSecret = new UpstreamSecret(this, 'Upstream', { key, retain })
    this.notices = new NoticeBus(this, 'Notices', { key })
    this.api = new Api(this, 'Api', { parameters, keys: this.keys })
    this.functions = new Functions(this, 'Functions', {
      parameters,
      issuer: this.api.issuer,
      keys: this.keys,
      tables: this.tables,
      objects: this.objects.bucket,
      upstreamSecret: this.upstreamSecret.resource,
      eventBus: this.notices.bus,
    })
    this.api.serve(this.functions.byName)
    const users = parameters.breakGlassUsers
    this.breakGlass = new BreakGlass(this, 'BreakGlass', { users, tables: this.tables, key })
    const { sweeper, notifier, sequencer, exporter } = this.functions.byName
    this.objects.removes(exporter.role)
    new EveryMinute(this, 'Sweeper', {
      description: 'Settles expired leases and ends abandoned calls',
      starts: sweeper,
    })
    new EveryMinute(this, 'Notifier', {
      description: 'Tells organisations what was decided',
      starts: notifier,
    })
    new EveryMinute(this, 'Sequencer', {
      description: 'Gives entries that wait their place in the log',
      starts: sequencer,
    })
    new EveryMinute(this, 'Exporter', {
      description: 'Makes the exports of the log that people have asked for',
      starts: exporter,
    })
    const { deadLetters } = this.functions
    new EntriesStream(this, 'Entries', { tables: this.tables, starts: sequencer, deadLetters })
    const watched = { api: this.api, functions: this.functions, tables: this.tables }
    new Alarms(this, 'Alarms', { parameters, keys: this.keys, watched })
    if (has(target, 'dashboard')) new OperatorDashboard(this, 'Dashboard', watched)
    addOutputs(this, parameters)
  }
}
