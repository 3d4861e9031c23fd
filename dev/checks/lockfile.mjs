// Refuses a package-lock.json from which `npm ci` fails or fetches something else: npm leaves version and
// integrity out when it could not have a package (another platform's, mostly), and every later `npm ci`
// with an empty cache then ends in "Invalid Version". Nor may an entry name the host that one machine's
// npm happened to fetch it from.
import { readFileSync } from 'node:fs'

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
// The first is this project itself; a link is a folder of it.
const locked = Object.entries(packages).filter(([path, { link }]) => path !== '' && !link)
const wrong = locked.flatMap(([path, { version, integrity, inBundle, resolved }]) => {
  const missing = [
    ...(version ? [] : ['version']),
    // What is bundled in another package comes inside that one's archive, which has a sum of its own.
    ...(integrity || inBundle ? [] : ['integrity']),
  ]
  return [
    ...(missing.length === 0 ? [] : [`${path} has no ${missing.join(' and no ')}`]),
    ...(resolved === undefined ? [] : [`${path} names where it was fetched: ${resolved}`]),
  ]
})
if (locked.length === 0) wrong.push('it has no entries: nothing was checked')
if (wrong.length > 0) {
  console.error(`lockfile: package-lock.json cannot be installed everywhere:
${wrong.map((line) => `  - ${line}`).join('\n')}
Delete these entries and run: npm install --package-lock-only --ignore-scripts`)
  process.exit(1)
}
console.log(`lockfile: ${locked.length} packages, each with version and integrity`)
