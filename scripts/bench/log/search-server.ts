/** In a process of its own: a whole Sallyport on the many entries of `search-data.ts`, and where its people sign in. */
import { readConfig } from '../../embedded/config.ts'
import { openSallyport } from '../../embedded/sallyport.ts'
import { argument, serve } from '../server-process.ts'
import { dataOf, openProvider, type SearchData } from './search-data.ts'

export interface SearchTold {
  readonly issuer: string
}

const { folder, port, providerPort } = argument<SearchData>()
const sallyport = await openSallyport({ ...readConfig({}), data: dataOf(folder), port })
const provider = await openProvider(folder, providerPort, sallyport.issuer)
serve({ issuer: sallyport.issuer } satisfies SearchTold, async () => {
  await provider.close()
  await sallyport.close(0)
})
