import { RemovalPolicy } from 'aws-cdk-lib'
import {
  AttributeType,
  BillingMode,
  Table as DynamoTable,
  ProjectionType,
  StreamViewType,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import { indexes } from '../shared/domain/keys.ts'
import type { Index, Table } from '../shared/ports/store.ts'

export interface TablesProps {
  readonly key: IKey
  readonly retain: boolean
}

/**
 * The tables of `docs/storage-schema.md`, with the indexes that the key builders declare. They are tables of one
 * region: a global one cannot be given a key of ours in a template that names no region.
 */
export class Tables extends Construct {
  readonly byName: Readonly<Record<Table, DynamoTable>>
  readonly #props: TablesProps

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id)
    this.#props = props
    this.byName = {
      registry: this.#table('registry'),
      meters: this.#table('meters'),
      spent: this.#table('spent', { timeToLiveAttribute: 'exp' }),
      // The stream starts the sequencer; the item is read again, strongly.
      entries: this.#table('entries', { stream: StreamViewType.KEYS_ONLY }),
    }
  }

  #table(name: Table, own: { timeToLiveAttribute?: string; stream?: StreamViewType } = {}): DynamoTable {
    const { key, retain } = this.#props
    const table = new DynamoTable(this, name, {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: retain,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      ...own,
    })
    const declared: readonly Index[] = Object.values(indexes)
    for (const index of declared)
      if (index.table === name)
        table.addGlobalSecondaryIndex({
          indexName: index.name,
          partitionKey: text(index.partition),
          sortKey: text(index.sort),
          projectionType: ProjectionType.KEYS_ONLY,
        })
    return table
  }
}

const text = (name: string) => ({ name, type: AttributeType.STRING })
