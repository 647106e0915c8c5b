/**
 * What an operator's emergency hold takes, and nothing else: it is placed, and everything that it needs for that is
 * read. The role that may do it is assumed by users of the account who are named, with a second factor.
 */
import { ArnFormat, Aws, Stack } from 'aws-cdk-lib'
import { ArnPrincipal, CompositePrincipal, ManagedPolicy, Role } from 'aws-cdk-lib/aws-iam'
import type { IKey } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import { indexes, keys } from '../shared/domain/keys.ts'
import type { Index, Table } from '../shared/ports/store.ts'
import { actionOf, type Use } from './permissions.ts'
import { allow, tableKeyActions, throughService } from './statements.ts'
import type { Tables } from './tables.ts'

export interface BreakGlassUse {
  readonly table: Table
  readonly use: Use
  /** Partition keys, `*` for any text; absent: all of the table. */
  readonly items?: readonly string[]
}

/** A test lets the command run and compares. A transaction asks for the same as each of its writes alone. */
const breakGlassUses: readonly BreakGlassUse[] = [
  // Whom it would stop: organisations, people, clients, grants, with the calls under way and those of a day.
  { table: 'registry', use: 'read' },
  { table: 'meters', use: 'read' },
  { table: 'entries', use: 'read' },
  // The hold with its notices, where admission reads it, and the model that must not be released meanwhile.
  { table: 'registry', use: 'put', items: [keys.hold('*').pk, keys.notice('*').pk] },
  { table: 'registry', use: 'update', items: [keys.standing.pk, keys.model('*').pk] },
  { table: 'entries', use: 'put' },
]

const breakGlassIndexes: readonly Index[] = [indexes.byOwner, indexes.byRecord, indexes.byOrganisation]

export interface BreakGlassProps {
  /** Names of IAM users of this account, with their paths. */
  readonly users: readonly string[]
  readonly tables: Tables
  readonly key: IKey
}

export class BreakGlass extends Construct {
  readonly policy: ManagedPolicy
  /** Absent where nobody is named who could assume it. */
  readonly role: Role | undefined

  constructor(scope: Construct, id: string, { users, tables, key }: BreakGlassProps) {
    super(scope, id)
    const arnOf = (table: Table): string => tables.byName[table].tableArn
    this.policy = new ManagedPolicy(this, 'Policy', {
      description: 'Placing an emergency hold, and what is read for it',
      statements: [
        ...breakGlassUses.map(({ table, use, items }) =>
          allow(
            [actionOf[use]],
            [arnOf(table)],
            items && { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': items } },
          ),
        ),
        allow(
          ['dynamodb:Query'],
          breakGlassIndexes.map(({ table, name }) => `${arnOf(table)}/index/${name}`),
        ),
        throughService(key, 'dynamodb', tableKeyActions),
        // The names of the tables. CloudFormation asks by the stack's name, before it knows which of that name it is.
        allow(['cloudformation:DescribeStacks'], [this.#stackOfThisName()]),
      ],
    })
    const [first, ...others] = users.map(trusted)
    if (first === undefined) return
    this.role = new Role(this, 'Role', {
      description: 'Places emergency holds: npm run break-glass',
      assumedBy: new CompositePrincipal(first, ...others),
      managedPolicies: [this.policy],
    })
  }

  #stackOfThisName(): string {
    const stack = Stack.of(this)
    return stack.formatArn({
      service: 'cloudformation',
      resource: 'stack',
      resourceName: `${stack.stackName}/*`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    })
  }
}

/** The session has the user's own name, because the log tells who placed a hold by the session's. */
const trusted = (user: string) =>
  new ArnPrincipal(`arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:user/${user}`).withConditions({
    Bool: { 'aws:MultiFactorAuthPresent': 'true' },
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of IAM's.
    StringEquals: { 'sts:RoleSessionName': '${aws:username}' },
  })
