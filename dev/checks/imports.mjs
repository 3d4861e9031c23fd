// Runs dependency-cruiser over every room and fails when it looked at nothing: with a TypeScript that
// it can't use it says "no violations" over 0 modules, green while checking nothing.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cruise, format } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'

const { forbidden, options } = createRequire(import.meta.url)('../../.dependency-cruiser.cjs')
const rooms = [
  'formats rules base engine wire chain ledger temporal prover activities workflows workers api dev cli',
  'test bench web',
]
  .flatMap((line) => line.split(' '))
  .filter((room) => existsSync(room))

const { output } = await cruise(
  rooms,
  { ...options, ruleSet: { forbidden }, validate: true },
  undefined,
  { tsConfig: extractTSConfig('tsconfig.json') },
)
const { totalCruised, error } = output.summary
if (totalCruised === 0) {
  console.error('imports: 0 modules were looked at: nothing was checked')
  process.exit(1)
}
if (error > 0) {
  console.error((await format(output, { outputType: 'err' })).output)
  process.exit(1)
}
console.log(`imports: ${totalCruised} modules, every direction holds`)
