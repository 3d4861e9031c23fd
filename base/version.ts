import { readFileSync } from 'node:fs'

/** This software's version, from its package.json. */
export function ownVersion(): string {
  const file = new URL('../package.json', import.meta.url)
  const { version }: { version: string } = JSON.parse(readFileSync(file, 'utf8'))
  return version
}
