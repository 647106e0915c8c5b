import * as z from 'zod'
import { isSlotCount } from '../../shared/watermark/epoch.ts'

/** What the environment says of an embedded Sallyport. Everything is judged before anything is opened. */
export interface Config {
  readonly data: string
  /** 0 takes any free port. */
  readonly port: number
  /** Absent: the loopback address that is listened on. */
  readonly issuer?: string | undefined
  readonly demo: boolean
  readonly demoUpstreamPort: number
  /** Of the provider where the demo's people sign in. */
  readonly demoProviderPort: number
  /** Where the seeded model's endpoint stands instead of the demo's. */
  readonly upstreamOpenai?: string | undefined
  readonly upstreamAnthropic?: string | undefined
  readonly leaseMs: number
  /** Slots for readers, of each entry of an epoch that begins. */
  readonly readerSlots: number
  /** For how long an entry can be searched. */
  readonly retentionMs: number
  /** `parseWitnessList` */
  readonly witnesses: string
}

/** In decimal digits: `Number` reads a blank as 0 and `0x50` as 80. */
const whole = (least: number, most: number, fault: string) =>
  z
    .string()
    .regex(/^\d{1,6}$/, fault)
    .transform(Number)
    .refine(value => value >= least && value <= most, fault)

const port = (fallback: number) => whole(0, 65_535, 'is a port, 0 to 65535').default(fallback)

const address = z.string().check(context => {
  const url = URL.parse(context.value)
  const fault = url === null ? 'is an http or https address' : addressFault(url, context.value)
  if (fault) context.issues.push({ code: 'custom', message: fault, input: context.value })
})

const environment = z.object({
  SALLYPORT_DATA: z.string().default('.sallyport'),
  SALLYPORT_PORT: port(8788),
  SALLYPORT_ISSUER: address
    .refine(
      value => URL.parse(value)?.origin === value,
      'is an origin as browsers write it: no path, no slash at its end, no default port',
    )
    .optional(),
  SALLYPORT_UPSTREAM_OPENAI: address.refine(value => value.endsWith('/v1'), 'ends in /v1').optional(),
  SALLYPORT_UPSTREAM_ANTHROPIC: address
    .refine(value => !/\/(v1)?$/.test(value), 'stands without /v1 and without a slash at its end')
    .optional(),
  SALLYPORT_DEMO: z.enum(['0', '1'], 'is 0 (no seeded story) or 1').default('1'),
  SALLYPORT_DEMO_UPSTREAM_PORT: port(8789),
  SALLYPORT_DEMO_PROVIDER_PORT: port(8790),
  SALLYPORT_LEASE_S: whole(
    3,
    300,
    'is a whole number of seconds, at least 3 seconds and at most 300',
  ).default(30),
  SALLYPORT_READER_SLOTS: z
    .string()
    .transform(Number)
    .refine(isSlotCount, 'is a power of two from 4 to 1024')
    .default(64),
  SALLYPORT_RETENTION_DAYS: whole(184, 36_500, 'is a number of days, at least 184').default(400),
  SALLYPORT_WITNESSES: z.string().default(''),
})

/** Read by the command line and the deployment, not here. */
const others = ['SALLYPORT_ENDPOINT', 'SALLYPORT_PROFILE', 'SALLYPORT_BROWSER', 'SALLYPORT_AWS_ENDPOINT']

/** Throws an Error whose message names each wrong variable. An empty one counts as absent. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const result = environment.safeParse(given)
  const known = [...Object.keys(environment.shape), ...others]
  const unknown = Object.keys(given).filter(name => name.startsWith('SALLYPORT_') && !known.includes(name))
  if (!result.success || unknown.length > 0) {
    const wrong = result.error?.issues.map(({ path, message }) => `  ${path.join('.')} ${message}`) ?? []
    wrong.push(...unknown.map(name => `  ${name} is no variable of Sallyport: ${known.join(', ')}`))
    throw new Error(`The environment is not one to start with:\n${wrong.join('\n')}`)
  }
  const { data } = result
  return {
    data: data.SALLYPORT_DATA,
    port: data.SALLYPORT_PORT,
    issuer: data.SALLYPORT_ISSUER,
    demo: data.SALLYPORT_DEMO === '1',
    demoUpstreamPort: data.SALLYPORT_DEMO_UPSTREAM_PORT,
    demoProviderPort: data.SALLYPORT_DEMO_PROVIDER_PORT,
    upstreamOpenai: data.SALLYPORT_UPSTREAM_OPENAI,
    upstreamAnthropic: data.SALLYPORT_UPSTREAM_ANTHROPIC,
    leaseMs: data.SALLYPORT_LEASE_S * 1000,
    readerSlots: data.SALLYPORT_READER_SLOTS,
    retentionMs: data.SALLYPORT_RETENTION_DAYS * 86_400_000,
    witnesses: data.SALLYPORT_WITNESSES,
  }
}

const loopback = ['127.0.0.1', 'localhost', '[::1]']

/** Credentials go to these addresses: in clear only to this machine itself. */
function addressFault(
  { protocol, hostname, search, hash, username }: URL,
  value: string,
): string | undefined {
  if (protocol !== 'http:' && protocol !== 'https:') return 'is an http or https address'
  if (protocol === 'http:' && !loopback.includes(hostname)) return 'is an https address, except on loopback'
  if (search || hash || username || value.includes('@')) return 'has no query, no fragment and no user name'
  return undefined
}
