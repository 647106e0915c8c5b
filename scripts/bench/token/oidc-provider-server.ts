/** oidc-provider on the same bare HTTP server as everybody else. */
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { argument, listenOnLoopback, serve } from '../server-process.ts'
import { configuration } from './oidc-provider-config.ts'
import type { ServerArgument, ServerTold } from './setting.ts'

const { issued, ...setting } = argument<ServerArgument>()
if (issued === undefined) throw new Error('what a token says is not told')

const server = createServer()
const issuer = await listenOnLoopback(server)
const provider = new Provider(issuer, configuration(setting, issued, issuer))
server.on('request', provider.callback())
serve({ issuer } satisfies ServerTold, async () => server.closeAllConnections())
