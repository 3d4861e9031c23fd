/** The file of each bench, by the name that its user gives. */
export const BENCHES: Readonly<Record<string, string>> = {
  api: 'api',
  engine: 'engine',
  gpu: 'gpu',
  spotcheck: 'spotcheck',
  wire: 'wire',
  ledger: 'ledger',
  memory: 'verifier-memory',
  metagraph: 'metagraph',
  network: 'network-pages',
  startup: 'startup',
  routing: 'routing',
  audit: 'audit',
  chain: 'chain',
}

/**
 * @param args as given: a name, unless it is the API that is measured, and that bench's options
 * @returns null for a name that no bench has
 */
export function chooseBench(args: readonly string[]): { name: string; options: string[] } | null {
  const [first] = args
  const isNamed = first !== undefined && !first.startsWith('-')
  const name = isNamed ? first : 'api'
  if (!Object.hasOwn(BENCHES, name)) return null
  return { name, options: args.slice(isNamed ? 1 : 0) }
}
