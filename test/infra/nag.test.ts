import { CfnResource } from 'aws-cdk-lib'
import { Bucket } from 'aws-cdk-lib/aws-s3'
import { NIST80053R5Checks } from 'cdk-nag'
import { expect, test } from 'vitest'
import { acknowledgements } from '../../infra/acknowledgements.ts'
import { buildDeployment } from '../../infra/deployment.ts'
import { addChecks } from '../../infra/nag.ts'
import { edgeContext, newApp } from './synthesis.ts'

/** An app as `npm run synth` makes it; its checks run when it is synthesized. */
function checked(context: Readonly<Record<string, unknown>> = {}) {
  const app = newApp(context)
  const deployment = buildDeployment(app)
  addChecks(app, deployment)
  return { app, deployment }
}

/** Turned off for the other tests, because it takes seconds. */
function synthesized(app: { synth(): unknown }): () => unknown {
  return () => {
    process.env.CDK_VALIDATION = 'true'
    try {
      return app.synth()
    } finally {
      process.env.CDK_VALIDATION = 'false'
    }
  }
}

test('the checks find nothing on AWS, with an edge and without', () => {
  expect(synthesized(checked().app)).not.toThrow()
  expect(synthesized(checked(edgeContext).app)).not.toThrow()
})

test('nor for a deployment that reserves nothing and is to be thrown away', () => {
  const context = {
    breakGlassUsers: 'ada',
    retain: 'false',
    gateConcurrency: 'none',
    apiGatewayLogRole: 'false',
  }
  expect(synthesized(checked(context).app)).not.toThrow()
})

test('a bucket without encryption fails the synthesis', () => {
  const { app, deployment } = checked()
  new Bucket(deployment.gateway, 'Planted')
  expect(synthesized(app)).toThrow(
    /S3DefaultEncryptionKMS[\s\S]*Sallyport\/Planted|Sallyport\/Planted[\s\S]*S3DefaultEncryptionKMS/,
  )
})

test('a property that CloudFormation does not know fails the synthesis', () => {
  const { app, deployment } = checked()
  new CfnResource(deployment.gateway, 'Planted', {
    type: 'AWS::SQS::Queue',
    properties: { KmsMasterKeyId: 'x', Colour: 'red' },
  })
  expect(synthesized(app)).toThrow(/Colour/)
})

test('every acknowledgement is of something that is still found, and says why', () => {
  const app = newApp(edgeContext)
  const deployment = buildDeployment(app)
  const { violations } = new NIST80053R5Checks(app).validateScope(app)
  const found = new Set(
    violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
    ),
  )
  const expected = acknowledgements.flatMap(({ rule, on }) =>
    on(deployment).flatMap(construct => (construct ? [`NIST.800.53.R5-${rule} ${construct.node.path}`] : [])),
  )
  for (const one of expected)
    expect(
      [...found].some(finding => finding.startsWith(one)),
      one,
    ).toBe(true)
  expect(found.size).toBe(expected.length)
  for (const { reason } of acknowledgements) expect(reason).toMatch(/^[A-Z].{20,}\.$/)
})
