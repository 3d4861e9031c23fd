/** `npm run bench` measures the API; `npm run bench -- NAME` one of the others, `all` every one; its options may follow. */
import { BENCHES, chooseBench } from './support/benches.js'

const chosen = chooseBench(process.argv.slice(2))
if (chosen === null) {
  console.error(
    `There is no bench ${process.argv[2]}: ${['all', ...Object.keys(BENCHES)].join(', ')}`,
  )
  process.exit(2)
}
// Each reads its own options, as when it is run by itself.
process.argv = [...process.argv.slice(0, 2), ...chosen.options]
await import(`./${chosen.name === 'all' ? 'all' : BENCHES[chosen.name].file}.ts`)
