/** oidc-provider on the same bare HTTP server as everybody else. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'
import { argument, serve } from '../server-process.ts'
import { configuration } from './oidc-provider-config.ts'
import type { ServerArgument, ServerTold } from './setting.ts'

const { issued, ...setting } = argument<ServerArgument>()
if (issued === undefined) throw new Error('what a token says is not told')

const server = createServer().listen(0, '127.0.0.1')
await once(server, 'listening')
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
const provider = new Provider(issuer, configuration(setting, issued, issuer))
server.on('request', provider.callback())
serve({ issuer } satisfies ServerTold, async () => server.closeAllConnections())
