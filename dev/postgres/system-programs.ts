import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const DEBIAN = '/usr/lib/postgresql'

/** The folder of Debian's newest PostgreSQL, `pg_dump` among its programs; null where it has none. */
export function systemPrograms(): string | null {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number).filter(Boolean) : []
  const newest = path.join(DEBIAN, String(Math.max(0, ...versions)))
  return existsSync(path.join(newest, 'bin', 'initdb')) ? newest : null
}
