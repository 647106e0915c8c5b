import { RemovalPolicy } from 'aws-cdk-lib'
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'
import { indexes } from '../shared/domain/keys.ts'
import type { Index, Table } from '../shared/ports/store.ts'

/** The tables of `docs/storage-schema.md`, with the indexes that the key builders declare. */
export class Tables extends Construct {
  readonly byName: Readonly<Record<Table, TableV2>>

  constructor(scope: Construct, id: string) {
    super(scope, id)
    this.byName = {
      registry: this.#table('registry'),
      meters: this.#table('meters'),
      spent: this.#table('spent', { timeToLiveAttribute: 'exp' }),
      // The stream starts the sequencer; the item is read again, strongly.
      entries: this.#table('entries', { dynamoStream: StreamViewType.KEYS_ONLY }),
    }
  }

  #table(table: Table, own: { timeToLiveAttribute?: string; dynamoStream?: StreamViewType } = {}): TableV2 {
    const declared: readonly Index[] = Object.values(indexes)
    return new TableV2(this, table, {
      partitionKey: text('pk'),
      sortKey: text('sk'),
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
      globalSecondaryIndexes: declared
        .filter(index => index.table === table)
        .map(({ name, partition, sort }) => ({
          indexName: name,
          partitionKey: text(partition),
          sortKey: text(sort),
          projectionType: ProjectionType.KEYS_ONLY,
        })),
      ...own,
    })
  }
}

const text = (name: string) => ({ name, type: AttributeType.STRING })
