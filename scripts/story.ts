/**
 * `npm run story [-- --endpoint <issuer>]`: the whole story of a model under protected agreements, told by its people
 * through the API, with the refusals that they meet. In a Sallyport of its own, or in a running one that has the demo's
 * people. A step that does not come out as it is told ends it with exit code 1.
 */
import { parseArgs } from 'node:util'
import { openOwnSallyport } from './story/embedded.ts'
import { signInPeople } from './story/people.ts'
import { tellWhole } from './story/whole.ts'

const usage = `npm run story [-- --endpoint <issuer>]

Tells the whole story of a model under protected agreements, made up from beginning to end, through the
API of a Sallyport of its own, which is gone afterwards.

  --endpoint <issuer>  of one that runs and has the demo's people, as after npm start: what it makes stays there
  --help               this`

async function main(args: readonly string[]): Promise<void> {
  if (args.includes('--help')) return console.log(usage)
  const { values } = parseArgs({ args: [...args], options: { endpoint: { type: 'string' } } })
  const print = (line: string): void => console.log(line)
  if (values.endpoint !== undefined) {
    const issuer = values.endpoint.replace(/\/$/, '')
    return tellWhole({ issuer, as: signInPeople(issuer), print })
  }
  const { issuer, sweep, close } = await openOwnSallyport()
  try {
    await tellWhole({ issuer, as: signInPeople(issuer), print, sweep })
  } finally {
    await close()
  }
}

main(process.argv.slice(2)).catch((error: Error) => {
  const { message, cause } = error
  console.error(`The story stopped: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`)
  process.exitCode = 1
})
