import { App } from 'aws-cdk-lib'
import { buildDeployment } from './deployment.ts'
import { addChecks } from './nag.ts'
import { refuseWrongWitnesses } from './witnesses.ts'

const app = new App()
const deployment = buildDeployment(app)
addChecks(app, deployment)
await refuseWrongWitnesses(deployment.parameters)
