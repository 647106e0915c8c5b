/** What the tests on emulators need of this machine, and what of it is missing. */
import { installLocalStack, missingPrerequisites as missingForLocalStack } from './localstack/install.ts'
import { describeMissing, type Missing } from './localstack/prerequisites.ts'
import { installMinistack, missingPrerequisites as missingForMinistack } from './ministack/install.ts'

/** Nothing where both can be installed, or are. */
export function missingPrerequisites(): readonly Missing[] {
  const missing = [...missingForLocalStack(), ...missingForMinistack()]
  return missing.filter((one, i) => missing.findIndex(({ what }) => what === one.what) === i)
}

/** One after the other: they are at work on the same network and the same disk. */
export async function installEmulators(say: (line: string) => void): Promise<void> {
  await installLocalStack(say)
  await installMinistack(say)
}

/** Loud enough for whoever reads only the end. `which`: of the tests. */
export const describeSkipped = (which: string, missing: readonly Missing[]): string => `
==== The tests ${which} are SKIPPED: this machine lacks
${describeMissing(missing)}
====`
