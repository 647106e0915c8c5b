import { type VerifiedCheckpoint, verifyCheckpoint } from '../log/checkpoint.ts'
import type { Fault } from '../log/fault.ts'
import type { Cli } from './cli.ts'
import { counted, type Fact, utcSeconds } from './facts.ts'
import { readNote, readVerifierKey } from './verify-input.ts'
import { readLogFiles } from './verify-log-files.ts'
import { type Told, tellOutcome } from './verify-outcome.ts'

export interface CheckpointOptions {
  readonly key?: string
  readonly older?: string
  readonly log?: string
  readonly witness?: readonly string[]
}

export async function runVerifyCheckpoint(cli: Cli, path: string, options: CheckpointOptions): Promise<void> {
  const key = await readVerifierKey(cli, options.key)
  const witnesses: string[] = []
  for (const one of options.witness ?? []) witnesses.push(await readVerifierKey(cli, one))
  const note = await readNote(cli, path)
  const older = options.older === undefined ? undefined : await readNote(cli, options.older)
  const files = options.log === undefined ? undefined : await readLogFiles(cli, options.log)
  await tellOutcome(cli, async () => {
    const found = await verifyCheckpoint(note, {
      key,
      witnesses,
      ...(older !== undefined && { older }),
      ...(files && { files }),
    })
    return { told: tell(found), faults: found.notCosigned.map(missing) }
  })
}

/** Whoever names a witness wants its word. */
const missing = (witness: string): Fault => ({
  kind: 'unproved',
  field: 'witness',
  message: `${witness} has not cosigned it`,
})

function tell(found: VerifiedCheckpoint): Told {
  const { log, size, root, keyId, cosigned, notCosigned, grownFrom, tiles } = found
  const signed = `the log ${log} has signed this checkpoint, by its key ${keyId}`
  return {
    json: {
      log,
      size,
      root,
      key_id: keyId,
      cosigned: cosigned.map(({ witness, at }) => ({ witness, at: instant(at) })),
      not_cosigned: notCosigned,
      grown_from: grownFrom ?? null,
      tiles: tiles === true,
    },
    facts: [
      [notCosigned.length === 0 ? 'verified' : 'signed', signed],
      ['size', counted(size, 'leaf', 'leaves')],
      ['root', root],
      ['grown', grownFrom && grownText(grownFrom.size, size)],
      ['tiles', tiles && 'they give this root'],
      ...cosigned.map(
        ({ witness, at }): Fact => [
          'cosigned',
          `by ${witness}, ${utcSeconds(instant(at))}: it had seen no tree of this log that this one does not continue`,
        ],
      ),
      ['not shown', notShown(found)],
    ],
  }
}

const instant = (seconds: number): string | undefined => {
  const date = new Date(seconds * 1000)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}

const grownText = (older: number, size: number): string =>
  older === size
    ? 'both checkpoints are of one tree'
    : `the tree of ${counted(older, 'leaf', 'leaves')} is its beginning: none of them was changed or taken away`

function notShown({ cosigned, grownFrom }: VerifiedCheckpoint): string {
  const open = [
    'what any leaf tells (verify record)',
    ...(grownFrom ? [] : ['that it has grown from the tree that you saw before (--older)']),
    ...(cosigned.length > 0 ? [] : ['that others are shown the same tree (--witness)']),
  ]
  return open.join('; ')
}
