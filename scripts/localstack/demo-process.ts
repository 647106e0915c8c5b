/**
 * `node demo-process.ts --instance=<folder> <issuer> <port> <file>`: the demo's upstream, and the provider where the
 * people of the Sallyport `issuer` sign in, at `port` or any free one for 0. Tells in the file where both are.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { people } from '../demo/people.ts'
import { startDemoProvider } from '../demo/provider.ts'
import { startDemoUpstream } from '../demo/upstream.ts'
import type { DemoAddresses } from './demo.ts'

const [, , instance = '', issuerOfSallyport = '', port = '', file = ''] = process.argv
const folder = instance.replace(/^--instance=/, '')
const provider = await startDemoProvider({
  port: Number(port),
  issuerOfSallyport,
  people,
  keys: join(folder, 'demo', 'provider-keys.json'),
})
const upstream = await startDemoUpstream({ port: 0 })
const told: DemoAddresses = { upstream: upstream.url, provider: provider.issuer }
// Whole at once: whoever started this looks for it.
writeFileSync(`${file}.incoming`, JSON.stringify(told))
renameSync(`${file}.incoming`, file)
