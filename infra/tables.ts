import { RemovalPolicy } from 'aws-cdk-lib'
import {
  AttributeType,
  BillingMode,
  Table as DynamoTable,
  type ITable,
  ProjectionType,
  StreamViewType,
  TableEncryption,
} from 'aws-cdk-lib/aws-dynamodb'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import { indexes } from '../shared/domain/keys.ts'
import type { Index, Table } from '../shared/ports/store.ts'
import { type Parameters, restoredTable } from './parameters.ts'

export interface TablesProps {
  readonly key: IKey
  readonly parameters: Parameters
}

/** The stack's own, or one that it only names. The CDK's class does not fit its interface under our compiler options. */
type UsableTable = DynamoTable | ITable

/**
 * The tables of `docs/storage-schema.md`, with the indexes that the key builders declare. They are tables of one
 * region: a global one cannot be given a key of ours in a template that names no region. One that was restored from a
 * backup is not the stack's: it is only named, with the settings that the operator has given it.
 */
export class Tables extends Construct {
  readonly byName: Readonly<Record<Table, UsableTable>>
  /** Absent where a restored table's is not given. */
  readonly entriesStreamArn: string | undefined
  readonly #props: TablesProps

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id)
    this.#props = props
    this.byName = {
      registry: this.#table('registry'),
      meters: this.#table('meters'),
      spent: this.#table('spent', { timeToLiveAttribute: 'exp' }),
      // The stream starts the sequencer, which reads the item itself, strongly. An entry expires once it is in the tree.
      entries: this.#table('entries', { timeToLiveAttribute: 'exp', stream: StreamViewType.KEYS_ONLY }),
    }
    this.entriesStreamArn = this.byName.entries.tableStreamArn
  }

  #table(name: Table, own: { timeToLiveAttribute?: string; stream?: StreamViewType } = {}): UsableTable {
    const { key, parameters } = this.#props
    const declared: readonly Index[] = Object.values(indexes).filter(index => index.table === name)
    const restored = restoredTable(parameters, name)
    if (restored !== undefined)
      return DynamoTable.fromTableAttributes(this, name, {
        tableName: restored,
        ...(name === 'entries' &&
          parameters.entriesStreamArn !== undefined && { tableStreamArn: parameters.entriesStreamArn }),
        globalIndexes: declared.map(index => index.name),
        encryptionKey: key,
      })
    const { retain } = parameters
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
    for (const index of declared)
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
