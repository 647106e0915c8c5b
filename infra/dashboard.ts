import { Duration, Stack } from 'aws-cdk-lib'
import {
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch'
import { Construct } from 'constructs'
import { metricNamespace } from '../shared/adapters/aws/emf-telemetry.ts'
import type { Watched } from './alarm-definitions.ts'

const period = Duration.minutes(1)

/** One page: is it up, is it slow, is it full, and why does it refuse. */
export class OperatorDashboard extends Construct {
  constructor(scope: Construct, id: string, { api, functions, tables }: Watched) {
    super(scope, id)
    const lambdas = Object.entries(functions.byName).map(([label, { lambda }]) => ({ label, lambda }))
    const stores = Object.entries(tables.byName).map(([label, table]) => ({ label, table }))
    const refusals = new MathExpression({
      expression: `SEARCH('{${metricNamespace},code,function} MetricName="refusal" function="${functions.byName.gate.lambda.functionName}"', 'Sum', 60)`,
      usingMetrics: {},
      label: '',
      period,
    })
    const dashboard = new Dashboard(this, 'Page', { dashboardName: Stack.of(this).stackName })
    dashboard.addWidgets(
      graph('Requests', [api.rest.metricCount({ period, label: 'all' })]),
      graph('Refused', [
        api.rest.metricClientError({ period, statistic: Stats.SUM, label: '4xx' }),
        api.rest.metricServerError({ period, statistic: Stats.SUM, label: '5xx' }),
      ]),
      graph('Milliseconds, 99 of 100', [
        api.rest.metricLatency({ period, statistic: Stats.percentile(99), label: 'API' }),
      ]),
      graph('Refusals of the gate, by code', [refusals]),
    )
    dashboard.addWidgets(
      graph(
        'Runs',
        lambdas.map(({ label, lambda }) => lambda.metricInvocations({ period, label })),
      ),
      graph(
        'Runs at once',
        lambdas.map(({ label, lambda }) =>
          lambda.metric('ConcurrentExecutions', { period, statistic: Stats.MAXIMUM, label }),
        ),
      ),
      graph(
        'Crashes and throttles',
        lambdas.flatMap(({ label, lambda }) => [
          lambda.metricErrors({ period, label: `${label} crashed` }),
          lambda.metricThrottles({ period, label: `${label} throttled` }),
        ]),
      ),
      graph(
        'Errors in the logs',
        lambdas.map(
          ({ label, lambda }) =>
            new Metric({
              namespace: metricNamespace,
              metricName: 'error',
              dimensionsMap: { function: lambda.functionName },
              period,
              statistic: Stats.SUM,
              label,
            }),
        ),
      ),
    )
    dashboard.addWidgets(
      graph(
        'Read units',
        stores.map(({ label, table }) => table.metricConsumedReadCapacityUnits({ period, label })),
      ),
      graph(
        'Write units',
        stores.map(({ label, table }) => table.metricConsumedWriteCapacityUnits({ period, label })),
      ),
      graph(
        'Throttled',
        stores.flatMap(({ label, table }) => [
          table.metric('ReadThrottleEvents', { period, statistic: Stats.SUM, label: `${label} reads` }),
          table.metric('WriteThrottleEvents', { period, statistic: Stats.SUM, label: `${label} writes` }),
        ]),
      ),
      graph('Dead letters', [
        functions.deadLetters.metricApproximateNumberOfMessagesVisible({ period, label: 'scheduled runs' }),
      ]),
    )
  }
}

const graph = (title: string, left: IMetric[]): GraphWidget =>
  new GraphWidget({ title, left, width: 6, height: 6 })
