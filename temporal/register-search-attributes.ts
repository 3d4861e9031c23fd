import type { Client } from '@temporalio/client'
import { SEARCH_ATTRIBUTES } from './search-attributes.js'

/** Values of Temporal's enum IndexedValueType. */
const TYPES = { KEYWORD: 2, INT: 3 } as const

/** Registers the attributes that operators filter intervals by; existing ones are kept. */
export async function registerSearchAttributes(client: Client, namespace: string): Promise<void> {
  const service = client.connection.operatorService
  const { customAttributes } = await service.listSearchAttributes({ namespace })
  const missing = Object.entries(SEARCH_ATTRIBUTES).filter(([name]) => !(name in customAttributes))
  if (missing.length === 0) return
  await service.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, TYPES[type]])),
  })
}
