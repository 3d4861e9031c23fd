/** `npm run bench` measures the API; `npm run bench -- NAME` one of the others, `all` every one; its options may follow. */
import { asksForHelp, BENCHES, chooseBench, helpText } from './support/benches.js'

const args = process.argv.slice(2)
if (asksForHelp(args)) {
  console.log(helpText())
  process.exit(0)
}
const chosen = chooseBench(args)
if (chosen === null) {
  console.error(`There is no bench ${args[0]}: ${['all', ...Object.keys(BENCHES)].join(', ')}`)
  process.exit(2)
}
// Each reads its own options, as when it is run by itself.
process.argv = [...process.argv.slice(0, 2), ...chosen.options]
await import(`./${chosen.name === 'all' ? 'all' : BENCHES[chosen.name].file}.ts`)
