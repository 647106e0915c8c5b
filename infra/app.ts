import { App } from 'aws-cdk-lib'
import { buildDeployment } from './deployment.ts'
import { addChecks } from './nag.ts'

const app = new App()
addChecks(app, buildDeployment(app))
