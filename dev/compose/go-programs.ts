import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { FractalError, messageOf } from '../../base/errors.js'
import { cacheFolder } from '../production/temporal-programs.js'

interface GoProgram {
  readonly name: string
  readonly module: string
  /** Of those that the compose file's tag allows. */
  readonly version: string
}

export const TEMPORAL_UI: GoProgram = {
  name: 'temporal-ui',
  module: 'github.com/temporalio/ui-server/v2/cmd/server',
  version: '2.54.1',
}
export const CADDY: GoProgram = {
  name: 'caddy',
  module: 'github.com/caddyserver/caddy/v2/cmd/caddy',
  version: '2.11.1',
}

/**
 * What an image holds as a program of its own, built from its source by Go when the cache has none.
 * @returns its file
 * @throws FractalError `base_missing`
 */
export async function goProgram({ name, module, version }: GoProgram): Promise<string> {
  const home = cacheFolder(`${name}-${version}`)
  const program = path.join(home, path.basename(module))
  if (existsSync(program)) return program
  const building = `${home}.building-${process.pid}`
  try {
    await mkdir(building, { recursive: true })
    const env = { ...process.env, GOBIN: building, CGO_ENABLED: '0' }
    await promisify(execFile)('nice', ['go', 'install', `${module}@v${version}`], { env })
    // By rename, so that a build that was interrupted is no build.
    await rename(building, home)
    return program
  } catch (cause) {
    throw new FractalError(
      'base_missing',
      `${name} ${version} was not built: ${messageOf(cause)}`,
      {
        hint: 'Install Go 1.26 or newer.',
        cause,
      },
    )
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}
