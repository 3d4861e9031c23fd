/** `npm run bench` measures the API; `npm run bench -- engine|spotcheck|wire|ledger|memory|metagraph|startup|routing` one of the others, with its options. */
const [name = 'api', ...rest] = process.argv.slice(2)
const files: Readonly<Record<string, string>> = {
  api: 'api',
  engine: 'engine',
  spotcheck: 'spotcheck',
  wire: 'wire',
  ledger: 'ledger',
  memory: 'verifier-memory',
  metagraph: 'metagraph',
  startup: 'startup',
  routing: 'routing',
}
if (files[name] === undefined) {
  console.error(`there is no bench ${name}: ${Object.keys(files).join(', ')}`)
  process.exit(2)
}
// Each reads its own options, as when it is run by itself.
process.argv = [...process.argv.slice(0, 2), ...rest]
await import(`./${files[name]}.ts`)
