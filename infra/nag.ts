import { type App, Validations } from 'aws-cdk-lib'
import { NIST80053R5Checks } from 'cdk-nag'
import { acknowledge } from './acknowledgements.ts'
import type { Deployment } from './deployment.ts'

/**
 * Checks every synthesis for AWS against NIST 800-53 revision 5: a finding that nobody has acknowledged fails it. What
 * goes to an emulator is the same but for what that cannot create, and holds nothing to protect.
 */
export function addChecks(app: App, deployment: Deployment): void {
  if (deployment.parameters.target !== 'aws') return
  Validations.of(app).addPlugins(new NIST80053R5Checks(app))
  acknowledge(deployment)
}
