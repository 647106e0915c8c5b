import { type VerifiedRecord, verifyRecord } from '../log/record.ts'
import type { Cli } from './cli.ts'
import { counted, utcSeconds } from './facts.ts'
import { readOneRecord, readVerifierKey } from './verify-input.ts'
import { readLogFiles } from './verify-log-files.ts'
import { type Told, tellOutcome } from './verify-outcome.ts'

export interface RecordOptions {
  readonly key?: string
  readonly log?: string
}

export async function runVerifyRecord(cli: Cli, path: string, options: RecordOptions): Promise<void> {
  const key = await readVerifierKey(cli, options.key)
  const { text, further } = await readOneRecord(cli, path)
  const files = options.log === undefined ? undefined : await readLogFiles(cli, options.log)
  await tellOutcome(cli, async () => ({
    told: tell(await verifyRecord(text, { key, ...(files && { files }) })),
    faults: [],
  }))
  if (further) cli.remark('Only its first record was verified; all of them: sallyport verify range')
}

function tell(found: VerifiedRecord): Told {
  const { log, eid, index, size, root, time, digest, reader, withheld, unproved } = found
  const at = new Date(time).toISOString()
  return {
    json: { log, eid, index, size, root, time: at, digest, reader, withheld, unproved },
    facts: [
      [
        'verified',
        `leaf ${index.toLocaleString('en-US')} of the log ${log} holds this record, as it stands here`,
      ],
      ['entry', eid],
      ['time', `${utcSeconds(at)}, to ten seconds`],
      ['tree', `${counted(size, 'leaf', 'leaves')}, signed by the log`],
      ['copy of', `reader ${reader}: a pseudonym; the log’s operator can say whose it is`],
      [
        'withheld',
        // Whoever was shown a field has all that it takes to hide it.
        withheld.length > 0
          ? `${withheld.join(', ')}: in the log, and not shown here; kept from that reader, or taken out of their copy`
          : undefined,
      ],
      [
        'UNPROVED',
        unproved.length > 0
          ? `it stands here, and nothing vouches for it: ${unproved.join(', ')}`
          : undefined,
      ],
      ['digest', `${digest}: other readers of this entry must have the same`],
      [
        'not shown',
        'that there is no further record (verify range); that others are shown the same log (verify checkpoint --witness); that what it tells is so',
      ],
    ],
  }
}
