import type { App } from 'aws-cdk-lib'
import { CdnStack } from './cdn.ts'
import { EdgeStack } from './edge.ts'
import { type Parameters, readParameters } from './parameters.ts'
import { SallyportStack } from './stack.ts'
import { has } from './targets.ts'

export interface Deployment {
  readonly parameters: Parameters
  readonly gateway: SallyportStack
  readonly edge?: EdgeStack
  readonly cdn?: CdnStack
}

/** The stacks that the app's context asks for. Throws on parameters that are wrong. */
export function buildDeployment(app: App): Deployment {
  const parameters = readParameters(app.node.getAllContext())
  const { name, domain, cdnDomain, cdnCertificateArn } = parameters
  const gateway = new SallyportStack(app, parameters)
  if (domain === undefined || !has(parameters.target, 'edge')) return { parameters, gateway }
  const edge = new EdgeStack(gateway, domain, parameters)
  if (cdnDomain === undefined || cdnCertificateArn === undefined) return { parameters, gateway, edge }
  const cdn = new CdnStack(app, { name, domain, cdnDomain, cdnCertificateArn })
  cdn.addStackDependency(edge)
  return { parameters, gateway, edge, cdn }
}
