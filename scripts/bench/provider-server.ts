/** Where the demo's people sign in while the story is told to a server: in a process of its own, which ends with that. */
import { people } from '../demo/people.ts'
import { startDemoProvider } from '../demo/provider.ts'
import { argument, serve } from './server-process.ts'

export interface ProviderArgument {
  readonly issuerOfSallyport: string
}

export interface ProviderTold {
  readonly issuer: string
}

const provider = await startDemoProvider({ port: 0, people, ...argument<ProviderArgument>() })
serve({ issuer: provider.issuer } satisfies ProviderTold, () => provider.close())
