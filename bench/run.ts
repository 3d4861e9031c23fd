/** `npm run bench` measures the API; `npm run bench -- engine|wire|ledger` one of the others, with its options. */
const [name = 'api', ...rest] = process.argv.slice(2)
const known = ['api', 'engine', 'wire', 'ledger']
if (!known.includes(name)) {
  console.error(`there is no bench ${name}: ${known.join(', ')}`)
  process.exit(2)
}
// Each reads its own options, as when it is run by itself.
process.argv = [...process.argv.slice(0, 2), ...rest]
await import(`./${name}.ts`)
