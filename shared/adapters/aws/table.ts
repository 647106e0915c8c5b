import { DescribeTableCommand, ResourceNotFoundException } from '@aws-sdk/client-dynamodb'
import { createDynamoClient } from './clients.ts'

/** Whether there is a table of this name in the caller's account and region. Throws where that cannot be known. */
export async function tableExists(TableName: string): Promise<boolean> {
  const client = createDynamoClient()
  try {
    await client.send(new DescribeTableCommand({ TableName }))
    return true
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return false
    throw error
  } finally {
    client.destroy()
  }
}
