/** A person who has just signed in at a gateway that says what the test wants, with nothing asked or printed yet. */
import { run } from '../../../client/cli/program.ts'
import { FakeGateway } from './fake-gateway.ts'
import { RecordedTerminal } from './recorded-terminal.ts'

export async function signedIn(): Promise<{
  readonly gateway: FakeGateway
  readonly terminal: RecordedTerminal
}> {
  const gateway = await new FakeGateway().start()
  const terminal = new RecordedTerminal()
  terminal.browser = async command => {
    // The page at its end comes once the sign-in is done.
    void fetch(command.at(-1) ?? '').then(response => response.text())
    return undefined
  }
  const code = await run(['--endpoint', gateway.issuer, 'auth', 'login'], terminal)
  if (code !== 0) throw new Error(`the sign-in ended with ${code}: ${terminal.stderr}`)
  gateway.calls.length = 0
  terminal.stdout = ''
  terminal.stderr = ''
  return { gateway, terminal }
}
