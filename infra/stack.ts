import { Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Alarms } from './alarms.ts'
import { Api } from './api.ts'
import { Objects } from './bucket.ts'
import { OperatorDashboard } from './dashboard.ts'
import { Functions } from './functions.ts'
import { Keys } from './keys.ts'
import { addOutputs } from './outputs.ts'
import type { Parameters } from './parameters.ts'
import { domainsInUse } from './permissions.ts'
import { SweeperSchedule } from './sweeper-schedule.ts'
import { Tables } from './tables.ts'
import { has } from './targets.ts'
import { UpstreamSecret } from './upstream-secret.ts'

/** One deployment. It names no account, region or partition, so the same template goes to any. */
export class SallyportStack extends Stack {
  readonly keys: Keys
  readonly tables: Tables
  readonly objects: Objects
  readonly upstreamSecret: UpstreamSecret
  readonly api: Api
  readonly functions: Functions

  constructor(scope: Construct, parameters: Parameters, props: StackProps = {}) {
    super(scope, parameters.name, {
      description: 'Sallyport: a gateway to covered frontier models in early access',
      ...props,
    })
    const { retain, target } = parameters
    this.keys = new Keys(this, 'Keys', { domains: domainsInUse, retain })
    const key = this.keys.data
    this.tables = new Tables(this, 'Tables', { key, parameters })
    this.objects = new Objects(this, 'Objects', { key, parameters })
    this.upstreamSecret = new UpstreamSecret(this, 'Upstream', { key, retain })
    this.api = new Api(this, 'Api', { parameters, keys: this.keys })
    this.functions = new Functions(this, 'Functions', {
      parameters,
      issuer: this.api.issuer,
      keys: this.keys,
      tables: this.tables,
      upstreamSecret: this.upstreamSecret.resource,
    })
    this.api.serve(this.functions.byName)
    new SweeperSchedule(this, 'Sweeper', this.functions.byName.sweeper)
    const watched = { api: this.api, functions: this.functions, tables: this.tables }
    new Alarms(this, 'Alarms', { parameters, keys: this.keys, watched })
    if (has(target, 'dashboard')) new OperatorDashboard(this, 'Dashboard', watched)
    addOutputs(this, parameters)
  }
}
