import { ArnFormat, Aws, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib'
import { LogGroup } from 'aws-cdk-lib/aws-logs'
import { CfnLoggingConfiguration, CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2'
import { Construct } from 'constructs'
import { refusals } from '../shared/domain/refusal.ts'
import type { Api } from './api.ts'
import { fixedProblem } from './gateway-responses.ts'
import type { Keys } from './keys.ts'
import type { Parameters } from './parameters.ts'

export interface FirewallProps {
  readonly api: Api
  readonly keys: Keys
  readonly parameters: Parameters
}

/**
 * Managed rules that look into bodies. Prompts quote scripts, paths and exploits; that is what they are for. A name that a
 * region's version of a group does not have is passed over.
 */
const aboutBodies: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesCommonRuleSet: [
    'SizeRestrictions_BODY',
    'CrossSiteScripting_BODY',
    'EC2MetaDataSSRF_BODY',
    'GenericLFI_BODY',
    'GenericRFI_BODY',
  ],
  AWSManagedRulesKnownBadInputsRuleSet: ['JavaDeserializationRCE_BODY', 'Log4JRCE_BODY', 'ReactJSRCE_BODY'],
}

/**
 * And those that a sign-in offends. The CLI's `redirect_uri` is a URL with an IPv4 address (RFC 8252 §7.3), which is what
 * the first one looks for; a provider's code alone can be as long as the second one lets a query be.
 */
const aboutSignIn: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesCommonRuleSet: ['GenericRFI_QUERYARGUMENTS', 'SizeRestrictions_QUERYSTRING'],
}

/** Before the API: managed rules for everything but those, where they only count, and a limit for each address. */
export class Firewall extends Construct {
  constructor(scope: Construct, id: string, { api, keys, parameters }: FirewallProps) {
    super(scope, id)
    const { stackName } = Stack.of(this)
    const metric = (name: string): CfnWebACL.VisibilityConfigProperty => ({
      cloudWatchMetricsEnabled: true,
      metricName: `${stackName}-${name}`,
      // A sample would show header values.
      sampledRequestsEnabled: false,
    })
    const acl = new CfnWebACL(this, 'Acl', {
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: metric('all'),
      customResponseBodies: {
        slower: {
          contentType: 'APPLICATION_JSON',
          content: JSON.stringify(fixedProblem('rate_limited', 'One address sends too many requests.')),
        },
      },
      rules: [
        {
          name: 'RequestsOfOneAddress',
          priority: 0,
          statement: {
            rateBasedStatement: { aggregateKeyType: 'IP', limit: parameters.requestsPerAddress },
          },
          action: {
            block: {
              customResponse: {
                responseCode: refusals.rate_limited.status,
                customResponseBodyKey: 'slower',
                responseHeaders: [{ name: 'retry-after', value: '60' }],
              },
            },
          },
          visibilityConfig: metric('address'),
        },
        ...Object.entries(aboutBodies).map(([name, rules], i) => ({
          name,
          priority: i + 1,
          statement: {
            managedRuleGroupStatement: {
              vendorName: 'AWS',
              name,
              ruleActionOverrides: [...rules, ...(aboutSignIn[name] ?? [])].map(rule => ({
                name: rule,
                actionToUse: { count: {} },
              })),
            },
          },
          overrideAction: { none: {} },
          visibilityConfig: metric(name),
        })),
      ],
    })
    new CfnWebACLAssociation(this, 'Stage', {
      resourceArn: api.rest.deploymentStage.stageArn,
      webAclArn: acl.attrArn,
    })
    this.#log(acl, keys, parameters)
  }

  #log(acl: CfnWebACL, keys: Keys, { retain, logRetentionDays }: Parameters): void {
    // WAF writes to groups of this prefix only. One that was kept must not be in the way of the next deployment.
    const prefix = `aws-waf-logs-${Stack.of(this).stackName}-`
    keys.encryptsLogGroup(`${prefix}*`)
    const group = new LogGroup(this, 'Log', {
      logGroupName: prefix + Fn.select(2, Fn.split('/', Aws.STACK_ID)),
      encryptionKey: keys.data,
      retention: logRetentionDays,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    })
    new CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: acl.attrArn,
      logDestinationConfigs: [
        Stack.of(this).formatArn({
          service: 'logs',
          resource: 'log-group',
          resourceName: group.logGroupName,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ],
      redactedFields: [
        ...['authorization', 'dpop', 'cookie'].map(name => ({ singleHeader: { Name: name } })),
        { queryString: {} },
      ],
    })
  }
}
