import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { FractalError, messageOf } from '../../base/errors.js'
import { cacheFolder } from '../production/temporal-programs.js'

/** The compose file's. */
const VERSION = '2.54.1'
const MODULE = 'github.com/temporalio/ui-server/v2/cmd/server'

/**
 * Temporal's web UI as a program of its own, built from its source by Go when the cache has none.
 * @throws FractalError `temporal_not_built`
 */
export async function temporalUi(): Promise<string> {
  const home = cacheFolder(`temporal-ui-${VERSION}`)
  const program = path.join(home, 'server')
  if (existsSync(program)) return program
  const building = `${home}.building-${process.pid}`
  try {
    await mkdir(building, { recursive: true })
    const env = { ...process.env, GOBIN: building }
    await promisify(execFile)('nice', ['go', 'install', `${MODULE}@v${VERSION}`], { env })
    await rename(building, home)
    return program
  } catch (cause) {
    throw new FractalError(
      'temporal_not_built',
      `Temporal’s web UI was not built: ${messageOf(cause)}`,
      { hint: 'Install Go 1.26 or newer.', cause },
    )
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}
