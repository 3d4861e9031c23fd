import { execFile } from 'node:child_process'
import { access, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { messageOf } from '../../base/errors.js'

const FOLDER = fileURLToPath(new URL('../../.fractal/bench-python', import.meta.url))
const INSTALL_MS = 10 * 60_000
const run = promisify(execFile)

/**
 * A virtual environment that has a package of PyPI, made when it is missing and kept in .fractal/.
 * @param requirement as pip has it: `litellm[proxy]==1.89.*`
 * @returns its `bin`, or why there is none
 */
export async function pythonWith(
  requirement: string,
): Promise<{ bin: string } | { missing: string }> {
  const folder = join(FOLDER, requirement.replace(/[^a-z0-9.]+/gi, '-'))
  const [bin, stamp] = [join(folder, 'bin'), join(folder, 'installed')]
  if ((await readFile(stamp, 'utf8').catch(() => '')) === requirement) return { bin }
  try {
    await run('python3', ['-c', 'import sys; assert sys.version_info >= (3, 10), sys.version'])
  } catch (error) {
    return { missing: `there is no Python from 3.10 on: ${lastLine(error)}` }
  }
  try {
    console.error(`installing ${requirement} into ${folder} …`)
    await rm(folder, { recursive: true, force: true })
    await run('python3', ['-m', 'venv', folder])
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', requirement]
    await run(join(bin, 'python'), pip, { timeout: INSTALL_MS })
    await access(bin)
    await writeFile(stamp, requirement)
    return { bin }
  } catch (error) {
    return { missing: `${requirement} can't be installed: ${lastLine(error)}` }
  }
}

function lastLine(error: unknown): string {
  return messageOf(error).trim().split('\n').at(-1)!
}
