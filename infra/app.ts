import { App } from 'aws-cdk-lib'
import { SallyportStack } from './stack.ts'

new SallyportStack(new App(), 'Sallyport')
