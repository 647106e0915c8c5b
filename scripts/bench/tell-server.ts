import { fileURLToPath } from 'node:url'
import type { DemoCredentials } from '../demo/credentials.ts'
import type { Endpoints } from '../demo/story.ts'
import type { Sallyport } from '../embedded/sallyport.ts'
import { seed } from '../seed.ts'
import type { ProviderArgument, ProviderTold } from './provider-server.ts'
import { startServer } from './server-process.ts'

/** Tells the demo's story to a server that runs in this process; nobody can sign in there afterwards. */
export async function tellServer(
  { issuer, store }: Sallyport,
  data: string,
  endpoints: Endpoints,
): Promise<DemoCredentials> {
  const module = fileURLToPath(new URL('./provider-server.ts', import.meta.url))
  const asked: ProviderArgument = { issuerOfSallyport: issuer }
  const provider = await startServer<ProviderTold>(module, asked)
  try {
    return await seed(store, { data, issuer, endpoints, provider: provider.told.issuer })
  } finally {
    await provider.close()
  }
}
