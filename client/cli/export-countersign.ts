/** Before the first byte of an export comes: its reader signs that the copy is theirs, with the key of their session. */
import { isStatementOf } from '../../shared/bundle/countersignature.ts'
import type { PersonGateway } from '../index.ts'
import { at, textAt } from '../json.ts'
import type { Cli } from './cli.ts'
import { toldBy } from './decision.ts'
import { exportNoun } from './export-noun.ts'
import { exit, Failure } from './failure.ts'
import { recordPath } from './record-commands.ts'

/** `job` as the API tells it, made. Nothing where one stands already. */
export async function countersign(cli: Cli, gateway: PersonGateway, job: unknown): Promise<void> {
  if (at(job, 'countersigned')) return
  const [id = '', sha256 = '', statement = ''] = ['id', 'sha256', 'statement'].map(name => textAt(job, name))
  // The gateway words it: what one's own key signs is about this file, and says that.
  if (!isStatementOf(statement, { id, sha256, bytes: Number(at(job, 'bytes')) }))
    throw new Failure(
      exit.tampered,
      'What the gateway would have you sign is not about this file. Nothing was signed.',
      { code: 'statement_other', next: 'Ask whoever operates the gateway.' },
    )
  const answer = await gateway.post(`${recordPath(exportNoun, id)}/countersignature`, {
    signature: await gateway.countersign(statement),
  })
  const entry = textAt(toldBy(gateway.issuer, answer), 'countersigned', 'entry')
  cli.remark(
    `You signed that this copy is yours: each record in it names you, and you answer for where it goes.\nIt stands in the log: ${entry}`,
  )
}
