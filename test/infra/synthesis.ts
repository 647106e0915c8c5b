import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { App, type Stack } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { afterAll } from 'vitest'
import { buildDeployment, type Deployment } from '../../infra/deployment.ts'
import { functionNames } from '../../infra/permissions.ts'

// The checks of the templates take seconds; one test turns them on.
process.env.CDK_VALIDATION = 'false'

export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly DeletionPolicy?: string
  readonly DependsOn?: readonly string[]
}
export interface TemplateJson {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Outputs: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { readonly Name: unknown } }>
  >
}

export interface Synthesis {
  readonly app: App
  readonly deployment: Deployment
  readonly template: Template
  readonly json: TemplateJson
}

/** Every parameter of the edge and of the CDN. */
export const edgeContext = {
  domain: 'gateway.example.org',
  hostedZoneId: 'Z0123456789',
  hostedZoneName: 'example.org',
  cdnDomain: 'cdn.example.org',
  cdnCertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/0123-abcd',
  mlDsa: true,
} as const

/** An app with the context of cdk.json, as the CLI would give it, and bundles that hold nothing. */
export function newApp(context: Readonly<Record<string, unknown>> = {}): App {
  const { context: shared } = JSON.parse(readFileSync('cdk.json', 'utf8'))
  return new App({
    analyticsReporting: false,
    outdir: mkdtempSync(join(folder, 'out-')),
    context: { ...shared, assets, ...context },
  })
}

export function synthesize(context: Readonly<Record<string, unknown>> = {}): Synthesis {
  const app = newApp(context)
  const deployment = buildDeployment(app)
  return { app, deployment, ...templateOf(deployment.gateway) }
}

export function templateOf(stack: Stack): { readonly template: Template; readonly json: TemplateJson } {
  const template = Template.fromStack(stack)
  return { template, json: template.toJSON() as TemplateJson }
}

export const ofType = (json: TemplateJson, type: string): readonly (readonly [string, Resource])[] =>
  Object.entries(json.Resources).filter(([, { Type }]) => Type === type)

/** Of the one resource of a type whose id starts so. */
export function properties(json: TemplateJson, type: string, start = ''): Resource['Properties'] {
  const [found, ...others] = ofType(json, type).filter(([id]) => id.startsWith(start))
  if (found === undefined || others.length > 0) throw new Error(`not one ${type} ${start}`)
  return found[1].Properties
}

/** Every string that stands anywhere in a value, keys apart. */
export function strings(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : []
}

const folder = mkdtempSync(join(tmpdir(), 'sallyport-synthesis-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const assets = join(folder, 'bundles')
for (const name of functionNames) {
  mkdirSync(join(assets, name), { recursive: true })
  writeFileSync(join(assets, name, 'index.js'), 'exports.handler = async () => ({ statusCode: 204 })\n')
}
