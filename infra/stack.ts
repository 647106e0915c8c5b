import { Stack, type StackProps } from 'aws-cdk-lib'
import type { Construct } from 'constructs'
import { Tables } from './tables.ts'

/** One deployment. So far it holds what must outlive every function: the four tables. */
export class SallyportStack extends Stack {
  readonly tables: Tables

  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, {
      description: 'Sallyport: a gateway to covered frontier models in early access',
      ...props,
    })
    this.tables = new Tables(this, 'Tables')
  }
}
