/** An independent validator of CSAF 2.0: its schema, and every mandatory test of the standard (§6.1). */
import * as mandatory from '@secvisogram/csaf-validator-lib/mandatoryTests.js'
import { csaf_2_0_strict } from '@secvisogram/csaf-validator-lib/schemaTests.js'
import validate from '@secvisogram/csaf-validator-lib/validate.js'

export const mandatoryTests = Object.values(mandatory)

/** What is wrong with it, by the name of the test. */
export async function csafFaults(document: unknown): Promise<readonly string[]> {
  const { tests } = await validate([csaf_2_0_strict, ...mandatoryTests], document)
  return tests.filter(one => !one.isValid).map(({ name, errors }) => `${name} ${JSON.stringify(errors)}`)
}
